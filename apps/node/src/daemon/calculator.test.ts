import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobManifestOf, blobRoot } from '@skein/alliance';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { blobPath } from '../storage/blob-path.ts';
import { type Calculator, createCalculator } from './calculator.ts';

const { signal } = new AbortController();
let blobs: string;
let calculator: Calculator;
beforeEach(async () => {
  blobs = await mkdtemp(join(tmpdir(), 'skein-calculator-'));
  calculator = createCalculator();
});
afterEach(async () => {
  await calculator.close();
  await rm(blobs, { recursive: true });
});

it('makes uploads of files, tells what fails, and goes on', async () => {
  const update = join(blobs, 'update');
  const files = { job: { kind: 'clear' } as const, update, blobs };
  await expect(calculator.run('upload', files, signal)).rejects.toMatchObject({ code: 'node/thread-fault' });
  const bytes = Uint8Array.of(1, 2, 3, 4);
  await writeFile(update, bytes);
  const { root, manifest } = await calculator.run('upload', files, signal);
  expect([root, manifest]).toEqual([blobRoot(blobManifestOf(bytes)), blobManifestOf(bytes)]);
  expect(new Uint8Array(await readFile(blobPath(blobs, root)))).toEqual(bytes);
});

it('leaves what is no longer wanted, and serves what comes after', async () => {
  const update = join(blobs, 'update');
  await writeFile(update, Uint8Array.of(7));
  const files = { job: { kind: 'clear' } as const, update, blobs };
  const stop = new AbortController();
  const left = calculator.run('upload', files, stop.signal);
  stop.abort(new Error('no longer wanted'));
  await expect(left).rejects.toThrow('no longer wanted');
  expect((await calculator.run('upload', files, signal)).manifest.sizeBytes).toBe(1);
});
