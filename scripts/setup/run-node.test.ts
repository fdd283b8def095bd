import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

/** A launcher, away from any terminal, that hands over to a program given as text, as the real ones do. */
function launch(program: string) {
  const launcher = `
    import { runNode } from ${JSON.stringify(new URL('./run-node.js', import.meta.url).href)};
    process.exitCode = await runNode(process.execPath, ['-e', ${JSON.stringify(program)}, 'an argument']);`;
  return spawn(process.execPath, ['--input-type=module', '-e', launcher], { stdio: 'pipe' });
}

it('passes arguments, input, output and exit code', async () => {
  const launched = launch('process.stdin.pipe(process.stdout); process.exitCode = 7; console.log(process.argv[1]);');
  launched.stdin.end('typed');
  const [output, [code]] = await Promise.all([launched.stdout.setEncoding('utf8').toArray(), once(launched, 'exit')]);
  expect(output.join('')).toBe('an argument\ntyped');
  expect(code).toBe(7);
});

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on and lets the program end by itself', async (signal) => {
  const launched = launch(`
    process.on('${signal}', () => { console.log('saved'); process.exit(130); });
    setInterval(() => {}, 1000);
    console.log('ready');`);
  launched.stdout.setEncoding('utf8').once('data', () => launched.kill(signal));
  const [output, [code]] = await Promise.all([launched.stdout.toArray(), once(launched, 'exit')]);
  expect(output.join('')).toContain('saved');
  expect(code).toBe(130);
});

it('ends with 128 + the signal where one ended the program', async () => {
  const launched = launch(`process.kill(process.pid, 'SIGKILL');`);
  const [code] = await once(launched, 'exit');
  expect(code).toBe(137);
});
