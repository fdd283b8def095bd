import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLanguageModel } from '../models/language-model.ts';
import type { ModelShape } from './random-model.ts';
import { randomModelFolder } from './random-model.ts';
import { createWorkerRuntime } from './worker-runtime.ts';
import { openInt8Cache } from './int8-cache.ts';
import { int8Levels } from './int8-levels.ts';
import { openModelFolder } from './model-folder.ts';
import { adapterModules } from '../lora/adapter-config.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { scrambled } from '../models/testing/tiny-model.ts';
import { HEAD_PATH, LINEARS } from '../models/weight-names.ts';
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

const LENGTH = 48;
const ids = Int32Array.from({ length: LENGTH }, (_, i) => (i * 7919 + 13) % shape.vocabulary);
const batch = {
  batch: 1,
  length: LENGTH,
  inputIds: ids,
  positions: Int32Array.from(ids.keys()),
  segments: new Int32Array(LENGTH).fill(1),
  targets: ids.map((_, i) => ids[i + 1] ?? -1),
  targetCount: LENGTH - 1,
};

async function gradients(levels: number | undefined, dropout: number) {
  const { config, weights } = await openModelFolder(path);
  const adapter = {
    rank: 4,
    alpha: 8,
    dropout,
    rankStabilized: false,
    targets: [...Object.keys(LINEARS), HEAD_PATH],
    rankPattern: {},
    alphaPattern: {},
    layers: undefined,
    baseModel: undefined,
  };
  const modules = adapterModules(adapter, config);
  const quantized =
    levels === undefined
      ? undefined
      : (await openInt8Cache(await openModelFolder(path), { levels, threads: 2 })).matrices;
  const parameters = scrambled(createAdapterParameters(modules, config, 1)).map((p) => ({
    ...p,
    data: p.data.map((x) => 0.05 * x),
  }));
  const spec = { config, weights, trainable: new Map(), adapter: modules, ...(quantized && { quantized }) };
  const model = createLanguageModel(runtime, { spec, parameters, dropout, threads: 2 });
  const sums = parameters.map(({ data }) => new Float32Array(data.length));
  await model.accumulateGradients(batch, 1 / batch.targetCount, sums, 5);
  await model.release();
  return sums;
}

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
  expect(made.length).toBe(2 * 7 + 1);
  await open();
  expect(made.length).toBe(2 * 7 + 1);
  const [entry = ''] = await readdir(cache);
  await rm(join(cache, entry), { recursive: true });
  // No process has this number: Linux counts to 4194304.
  await writeFile(join(cache, `${entry}.4194999-00000000-0000-0000-0000-000000000000.partial`), 'half');
  await open();
  expect(made.length).toBe(2 * (2 * 7 + 1));
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
