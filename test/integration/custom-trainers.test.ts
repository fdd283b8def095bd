import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from './testing/free-port.ts';
import { shell, skein, SKEIN_PROGRAM } from './testing/skein.ts';
import { startProgram } from './testing/start-program.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const limitMs = 600_000;
const ended: (() => Promise<unknown>)[] = [];
let directory: string;
let scripts: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-custom-'));
  await symlink(examples, join(directory, 'examples'));
  const readme = await readFile(join(examples, 'logistic', 'README.md'), 'utf8');
  const ports = new Map<string, number>();
  for (const port of ['4300', '8545', '7700']) ports.set(port, await freePort());
  const here = readme.replaceAll(/\b(4300|8545|7700)\b/g, (port) => String(ports.get(port)));
  scripts = [...here.matchAll(/```sh\n(.*?)```/gs)].map(([, script = '']) => script);
});
afterAll(async () => {
  for (const end of ended.toReversed()) await end();
  await rm(directory, { recursive: true, maxRetries: 5 });
}, limitMs);

/** Starts `skein up` and waits until hub and chain are there. */
async function up(line: string): Promise<void> {
  const words = line.trim().split(' ').slice(2);
  const child = spawn(process.execPath, [SKEIN_PROGRAM, ...words], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  ended.push(async () => {
    child.kill('SIGINT');
    if (child.exitCode === null) await once(child, 'exit');
  });
  const lines = createInterface({ input: child.stderr });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (said) => said.startsWith('hub http') && resolve());
    child.once('exit', (code) => reject(new Error(`skein up ended with ${code}`)));
  });
}

it(
  'the commands of the example’s README federate a command and a container, and prove it',
  async () => {
    const [upLine, serveLine, ...rest] = scripts as [string, string, ...string[]];
    await up(upLine);
    const [file = '', ...words] = serveLine.trim().replaceAll('examples/', `${examples}/`).split(' ').slice(1);
    const container = await startProgram(file, words);
    ended.push(() => container.end());
    expect(rest).toHaveLength(3);
    let last = '';
    for (const script of rest) {
      const { exitCode, stdout, stderr } = await shell(script, directory);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) });
      last = stdout;
    }
    expect(last).toContain('2 of 2 rounds closed');
    expect(last).toContain('All 2 rounds are as they should be.');
    expect(last).toMatch(/Paid out \d+ of earnings/);

    const at = ['--directory', '.skein/nodes/north', '--json'];
    const status = await skein(['alliance', 'status', '1', ...at], directory);
    const { alliance, rounds } = JSON.parse(status.stdout) as {
      alliance: { model: string; plan: { initialModel: string }; money: object };
      rounds: { survivors: string[]; lossChangeMicroNats: number; result: { accepted: boolean } }[];
    };
    expect(rounds[0]).toMatchObject({ result: { accepted: true }, survivors: { length: 3 } });
    expect(rounds[0]!.lossChangeMicroNats).toBeLessThan(-50_000);
    expect(alliance.model).not.toBe(alliance.plan.initialModel);
    expect(alliance.money).toMatchObject({ held: '0' });

    const told = async (...line: string[]) => await skein([...line, '--directory', '.skein/nodes/north'], directory);
    const left = await told('alliance', 'leave', '1');
    expect(left).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[node/alliance-over]') });
    expect(left.stderr).toMatch(/^error: Alliance 1 is finished: there is nothing to leave\./);
    const invited = await told('alliance', 'invite', '1', '--out', 'useless.json');
    expect(invited).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[cli/useless-invitation]') });
    const none = await told('alliance', 'invite', '99', '--out', 'useless.json');
    expect(none.stderr).toContain('would let nobody in: there is no such alliance.');
    expect(await readdir(directory)).not.toContain('useless.json');
    expect(await told('alliance', 'watch', '1')).toMatchObject({ exitCode: 0, stderr: '' });
  },
  limitMs,
);
