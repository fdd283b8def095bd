import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { lockDirectory } from './directory-lock.ts';

it('keeps a second holder out until the first lets go', async () => {
  const directory = await temporaryDirectory();
  const lock = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: 'hub/directory-in-use' }));
  lock.release();
  lockDirectory(directory).release();
});

it('is not left behind by a process that was killed', async () => {
  const directory = await temporaryDirectory();
  const file = JSON.stringify(new URL('directory-lock.ts', import.meta.url).href);
  const program = `const { lockDirectory } = await import(${file}); lockDirectory(${JSON.stringify(directory)});
    console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: 'hub/directory-in-use' }));
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockDirectory(directory).release();
});
