import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeDurably } from './durable-file.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

test('writes all chunks in order, replaces what was there, leaves nothing beside it', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  writeFileSync(path, 'old and longer than the new one');
  // One chunk larger than a single write.
  const large = new Uint8Array(17 * 1024 * 1024).map((_, index) => index % 251);
  await writeDurably(path, [Uint8Array.of(1, 2), new Uint8Array(), large]);
  const written = readFileSync(path);
  expect(written.length).toBe(large.length + 2);
  expect(written.subarray(0, 2)).toEqual(Buffer.from([1, 2]));
  expect(written.subarray(2).equals(large)).toBe(true);
  expect(readdirSync(directory)).toEqual(['file']);
});

test('overwrites the partial file of a killed process', async () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(`${path}.partial`, 'half of something long');
  await writeDurably(path, [Buffer.from('new')]);
  expect(readFileSync(path, 'utf8')).toBe('new');
});

test('an error of the source leaves the old file and no partial one', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  writeFileSync(path, 'old');
  const failing = async function* () {
    yield Buffer.from('new');
    throw new Error('source failed');
  };
  await expect(writeDurably(path, failing())).rejects.toThrow('source failed');
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(directory)).toEqual(['file']);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is one sentence and leaves the old file', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  writeFileSync(path, 'old');
  // Writing to this device fails as on a full disk.
  symlinkSync('/dev/full', `${path}.partial`);
  await expect(writeDurably(path, [Buffer.from('new')])).rejects.toMatchObject({
    code: 'engine/disk-full',
    message: `The disk is full: ${path} could not be written.`,
  });
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(directory)).toEqual(['file']);
});

test('a missing directory is one sentence', async () => {
  const path = join(temporaryDirectory(), 'none', 'file');
  await expect(writeDurably(path, [])).rejects.toMatchObject({ code: 'engine/not-writable' });
});
