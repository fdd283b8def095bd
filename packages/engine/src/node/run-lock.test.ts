import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireRunLock } from './run-lock.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

function plant(directory: string, content: string): void {
  writeFileSync(join(directory, 'run.lock'), content);
}

test('is held by one at a time, even within a process, and leaves nothing behind', async () => {
  const directory = temporaryDirectory();
  const lock = await acquireRunLock(directory);
  await expect(acquireRunLock(directory)).rejects.toMatchObject({
    code: 'engine/run-locked',
    message: `Process ${process.pid} is using the run directory ${directory}.`,
  });
  expect(readdirSync(directory)).toEqual(['run.lock']);
  await lock.release();
  expect(readdirSync(directory)).toEqual([]);
  await (await acquireRunLock(directory)).release();
});

test('of many that find a stale lock, exactly one gets it', async () => {
  const directory = temporaryDirectory();
  for (let round = 0; round < 20; round++) {
    plant(directory, `stale ${round}`);
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => acquireRunLock(directory)));
    const winners = tries.filter((one) => one.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    await winners[0]!.value.release();
    expect(readdirSync(directory)).toEqual([]);
  }
});

test('a lock of another host is respected, since its processes cannot be seen', async () => {
  const directory = temporaryDirectory();
  plant(directory, JSON.stringify({ pid: 1, host: `not-${hostname()}`, startedAt: null, id: 'x' }));
  await expect(acquireRunLock(directory)).rejects.toThrow(`Process 1 on not-${hostname()} is using`);
});

test('half a lock is taken over', async () => {
  const directory = temporaryDirectory();
  plant(directory, '{"pid": 1');
  await expect(acquireRunLock(directory).then((lock) => lock.release())).resolves.toBeUndefined();
});

test.skipIf(!existsSync('/proc/self/stat'))(
  'a living process that has got a dead one’s number does not hold its lock',
  async () => {
    const directory = temporaryDirectory();
    plant(directory, JSON.stringify({ pid: process.pid, host: hostname(), startedAt: 'another boot/1', id: 'x' }));
    await expect(acquireRunLock(directory).then((lock) => lock.release())).resolves.toBeUndefined();
  },
);

test('a directory that is not there is one sentence', async () => {
  await expect(acquireRunLock(join(temporaryDirectory(), 'none'))).rejects.toMatchObject({
    code: 'engine/not-writable',
  });
});
