import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelShape } from './random-model.ts';
import { randomModelFolder } from './random-model.ts';
import { int8Gradients } from './testing/adapter-gradients.ts';
import { createWorkerRuntime } from './worker-runtime.ts';
import { openInt8Cache } from './int8-cache.ts';
import { int8Levels } from './int8-levels.ts';
import { openModelFolder } from './model-folder.ts';
import { gradientCosine } from '../evaluate/gradient-cosine.ts';

// Wide enough that products are cut into parts.
const shape: ModelShape = { layers: 2, hidden: 64, intermediate: 1536, heads: 4, kvHeads: 2, vocabulary: 2560 };
const runtime = createWorkerRuntime('cpu');
let parent: string;
let path: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skein-test-'));
  path = await randomModelFolder(parent, { shape, outliers: true });
});
afterAll(async () => {
  await runtime.close();
  await rm(parent, { recursive: true });
});

const gradients = (levels: number | undefined, dropout: number) => int8Gradients(runtime, path, { levels, dropout });

test.each([0, 0.3])('gradients agree with float32, outlying channels and dropout %s included', async (dropout) => {
  const exact = await gradients(undefined, dropout);
  expect(gradientCosine(exact, await gradients(127, dropout))).toBeGreaterThan(0.995);
  // Seven bits, for machines whose products saturate.
  expect(gradientCosine(exact, await gradients(63, dropout))).toBeGreaterThan(0.98);
});

test('an entry is made once, and again after its file was lost; what a killed process left is removed', async () => {
  const cache = join(path, '.skein-int8');
  const folder = await openModelFolder(path);
  const made: number[] = [];
  const open = () => openInt8Cache(folder, { levels: 127, threads: 2, onProgress: (done) => made.push(done) });
  await rm(cache, { recursive: true });
  await open();
  expect(made.length).toBe(2 * 10 + 1);
  await open();
  expect(made.length).toBe(2 * 10 + 1);
  const [entry = ''] = await readdir(cache);
  await rm(join(cache, entry), { recursive: true });
  // No process has this number: Linux counts to 4194304.
  await writeFile(join(cache, `${entry}.4194999-00000000-0000-0000-0000-000000000000.partial`), 'half');
  await open();
  expect(made.length).toBe(2 * (2 * 10 + 1));
  expect(await readdir(cache)).toEqual([entry]);
});

test('a damaged entry is refused by name', async () => {
  const cache = join(path, '.skein-int8');
  const folder = await openModelFolder(path);
  await openInt8Cache(folder, { levels: 127, threads: 2 });
  const [entry = ''] = await readdir(cache);
  await writeFile(join(cache, entry, 'vectors.safetensors'), 'half');
  await expect(openInt8Cache(folder, { levels: 127, threads: 2 })).rejects.toThrow('vectors.safetensors');
  await rm(join(cache, entry), { recursive: true });
});

test('the largest exact weight of this machine is found', async () => {
  expect([63, 127]).toContain(await int8Levels(runtime));
});
