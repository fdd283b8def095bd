import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { createLanguageModel } from '../models/language-model.ts';
import { tinyAdapter } from '../models/testing/tiny-model.ts';
import { createRandom } from '../random.ts';
import type { Runtime, Session } from '../runtime/runtime.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { openGenerationWeights, type WeightBits, weightBitsFor } from './generation-weights.ts';
import { type ModelFolder, openModelFolder } from './model-folder.ts';
import { type ModelShape, randomModelFolder } from './random-model.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

const shape: ModelShape = { layers: 2, hidden: 64, intermediate: 1536, heads: 4, kvHeads: 2, vocabulary: 2560 };
const runtime = createWorkerRuntime('cpu');
afterAll(() => runtime.close());

let parent: string;
let path: string;
let cache: string;
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'skein-test-'));
  path = await randomModelFolder(parent, { shape, outliers: false });
  cache = join(path, '.skein-generation');
});
afterAll(() => rmSync(parent, { recursive: true }));

async function open(folder: ModelFolder, bits: WeightBits, on = runtime) {
  const stacks = await openGenerationWeights(runtime, folder, bits, { threads: 2 });
  const { config, weights } = folder;
  const spec = { config, weights, trainable: new Map(), adapter: [] };
  return createLanguageModel(on, { spec, parameters: [], threads: 1, ...(stacks && { stacks }) });
}

const LENGTH = 24;
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

async function measured(bits: WeightBits) {
  const model = await open(await openModelFolder(path), bits);
  const { lossSum } = await model.loss(batch);
  const prompts = [[...ids.subarray(0, 9)], [...ids.subarray(3, 20)]];
  const first = (await model.decoder.start(prompts)).map((logits) => logits.slice());
  const next = await model.decoder.next([
    { row: 0, token: 5 },
    { row: 1, token: 6 },
  ]);
  const logits = [...first, ...next.map((values) => values.slice())];
  await model.release();
  return { loss: lossSum / batch.targetCount, logits };
}

test.each([
  // Relative L2 of logits: weights and activations are rounded to 1/127 of their peak, or to 1/8 of a block's.
  ['int8', 0.03, 0.01],
  ['int4', 0.2, 0.05],
] as const)('logits and loss in %s are near those in fp32', async (bits, farthest, lossDifference) => {
  const [exact, rounded] = [await measured('fp32'), await measured(bits)];
  for (const [i, logits] of exact.logits.entries()) {
    const distance = relativeDistance(rounded.logits[i]!, logits);
    expect(distance).toBeLessThan(farthest);
    expect(distance).toBeGreaterThan(0);
  }
  expect(Math.abs(rounded.loss - exact.loss)).toBeLessThan(lossDifference);
});

test('with 4 bits a long prompt is read in 8, but for its last token, with the adapter of the moment', async () => {
  const folder = await openModelFolder(path);
  const { config } = folder;
  const read: Record<string, number> = {};
  const counting: Runtime = {
    ...runtime,
    async createSession(graph, options) {
      const session = await runtime.createSession(graph, options);
      const fills = graph.outputs.every(({ name }) => name !== 'logits');
      const name = fills ? 'filling' : 'answering';
      const run: Session['run'] = (feeds, runOptions) => {
        read[name] = (read[name] ?? 0) + (feeds.ids?.data.length ?? 0);
        return session.run(feeds, runOptions);
      };
      return { ...session, run };
    },
  };
  const prompt = Array.from({ length: 600 }, (_, i) => (i * 7919 + 13) % shape.vocabulary);
  const modules = tinyAdapter(config);
  const parameters = createAdapterParameters(modules, config, 4);
  const random = createRandom(2);
  for (const { data } of parameters) for (let i = 0; i < data.length; i++) data[i] = 0.1 * random.normal();
  const logitsIn = async (bits: WeightBits, on: Runtime) => {
    const model = await open(folder, bits, on);
    const plain = (await model.decoder.start([prompt, prompt.slice(1)])).map((logits) => logits.slice());
    model.decoder.useAdapter({ modules, parameters });
    const adapted = (await model.decoder.start([prompt])).map((logits) => logits.slice());
    await model.release();
    return [...plain, ...adapted];
  };
  const exact = await logitsIn('fp32', runtime);
  const rounded = await logitsIn('int4', counting);
  expect(read).toEqual({ filling: 599 + 598 + 599, answering: 3 });
  for (const [i, logits] of exact.entries()) expect(relativeDistance(rounded[i]!, logits)).toBeLessThan(0.2);
  expect(relativeDistance(rounded[2]!, rounded[0]!)).toBeGreaterThan(0.2);
});

test('weights are quantised once; a damaged file is refused by name', async () => {
  const folder = await openModelFolder(path);
  const made: number[] = [];
  const again = () =>
    openGenerationWeights(runtime, folder, 'int8', { threads: 2, onProgress: (done) => made.push(done) });
  rmSync(cache, { recursive: true, force: true });
  await again();
  expect(made).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await again();
  expect(made.length).toBe(9);
  const [entry = ''] = readdirSync(cache);
  rmSync(join(cache, entry, 'lm_head.safetensors'));
  await expect(again()).rejects.toThrow('lm_head.safetensors');
  rmSync(cache, { recursive: true });
});

test('a model whose shape does not fit is refused, and left in fp32 where nothing is asked for', async () => {
  const narrow = await randomModelFolder(parent, { shape: { ...shape, heads: 8 }, outliers: false });
  const folder = await openModelFolder(narrow);
  await expect(open(folder, 'int8')).rejects.toMatchObject({ code: 'engine/weights-shape' });
  expect(weightBitsFor(runtime, { ...folder, parameterCount: 1e9 })).toBe('fp32');
  const wide = await openModelFolder(path);
  expect(weightBitsFor(runtime, wide)).toBe('fp32');
  expect(weightBitsFor(runtime, { ...wide, parameterCount: 1e9 })).toBe('int8');
});

test('a kill while weights are quantised leaves no half of them', { timeout: 120_000 }, async () => {
  const program = fileURLToPath(new URL('./testing/quantize-process.ts', import.meta.url));
  const run = (killAt: number) => {
    rmSync(cache, { recursive: true, force: true });
    return spawnSync(process.execPath, [program, JSON.stringify({ model: path, killAt })], { encoding: 'utf8' });
  };
  const operations: string[] = JSON.parse(run(-1).stdout);
  const whole = readdirSync(cache).map((entry) => [entry, readdirSync(join(cache, entry)).toSorted()]);
  const kinds = [...new Set(operations)];
  expect(kinds).toEqual(expect.arrayContaining(['mkdir .skein-generation', 'write', 'rename lm_head.safetensors']));
  for (const kind of kinds) {
    const places = operations.flatMap((one, i) => (one === kind ? [i + 1] : []));
    expect(run(places[places.length >> 1]!).signal, kind).toBe('SIGKILL');
    const left = existsSync(cache) ? readdirSync(cache).filter((name) => !name.endsWith('.partial')) : [];
    for (const entry of left) expect(whole).toContainEqual([entry, readdirSync(join(cache, entry)).toSorted()]);
    await open(await openModelFolder(path), 'int4');
    const now = readdirSync(cache).map((entry) => [entry, readdirSync(join(cache, entry)).toSorted()]);
    expect(now, kind).toEqual(whole);
  }
});
