import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradientCosine } from '../evaluate/gradient-cosine.ts';
import { GraphBuilder, type Initializer } from '../graph/graph.ts';
import { int4Matrix } from '../graph/int4-matrix.ts';
import type { FrozenMatrix } from '../graph/linear.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { float32 } from '../tensor.ts';
import { openInt4Weights } from './int4-weights.ts';
import { type ModelFolder, openModelFolder } from './model-folder.ts';
import { randomModelFolder } from './random-model.ts';
import { adapterGradients } from './testing/adapter-gradients.ts';
import { reasonToSkipWebGpu } from './testing/graphics-adapter.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

const shape = { layers: 2, hidden: 64, intermediate: 160, heads: 4, kvHeads: 2, vocabulary: 512 };
const how = { threads: 2, inOneType: false };
const cpu = createWorkerRuntime('cpu');
let parent: string;
let folder: ModelFolder;
let quantized: ReadonlyMap<string, FrozenMatrix>;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skein-test-'));
  folder = await openModelFolder(await randomModelFolder(parent, { shape, outliers: false }));
  quantized = await openInt4Weights(folder, how);
});
afterAll(async () => {
  await cpu.close();
  await rm(parent, { recursive: true });
});

const gradients = (runtime: Runtime) => adapterGradients(runtime, folder, { quantized });

/** The same model with the floats that the 4 bits stand for. */
async function roundedModel(): Promise<ModelFolder> {
  const weights = new Map<string, Initializer>(folder.weights);
  for (const [name, matrix] of quantized) {
    const { dims } = folder.weights.get(name)!;
    const out = dims[0]!;
    const g = new GraphBuilder();
    g.output('w', matrix.backward(g, g.input('identity', [out, out])));
    const session = await cpu.createSession(g.build());
    const identity = Float32Array.from({ length: out * out }, (_, i) => (i % (out + 1) === 0 ? 1 : 0));
    const { w } = await session.run({ identity: float32([out, out], identity) });
    await session.release();
    weights.set(name, { name, dims, type: 'float32', source: w!.data });
  }
  return { ...folder, weights };
}

function expectNear(found: readonly Float32Array[], expected: readonly Float32Array[], limit: number): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, gradient] of found.entries()) {
    expect(relativeDistance(gradient, expected[index]!)).toBeLessThan(limit);
  }
}

test('gradients with weights in 4 bits are those of a float32 model with the rounded weights', async () => {
  const own = await gradients(cpu);
  expectNear(own, await adapterGradients(cpu, await roundedModel(), {}), 1e-5);
  const cosine = gradientCosine(await adapterGradients(cpu, folder, {}), own);
  expect(cosine).toBeGreaterThan(0.9);
  expect(cosine).toBeLessThan(0.999);
});

test('every linear is quantised once; a damaged entry is refused by name', async () => {
  expect([...quantized.keys()]).toHaveLength(2 * 7);
  const cache = join(folder.path, '.skein-int4');
  const [entry = ''] = await readdir(cache);
  await openInt4Weights(folder, how);
  expect(await readdir(cache)).toEqual([entry]);
  const [file = ''] = await readdir(join(cache, entry));
  await writeFile(join(cache, entry, file), 'half');
  await expect(openInt4Weights(folder, how)).rejects.toThrow(file);
  await rm(cache, { recursive: true });
});

const reason = await reasonToSkipWebGpu();

describe.skipIf(reason !== null)(`on WebGPU${reason === null ? '' : `, skipped: ${reason}`}`, () => {
  const webgpu = createWorkerRuntime('webgpu');
  afterAll(() => webgpu.close());

  test.each(['float32', '4 bits'])('gradients with weights in %s equal the CPU’s', async (kind) => {
    const inBits = async (inOneType: boolean) =>
      kind === '4 bits' ? { quantized: await openInt4Weights(folder, { threads: 2, inOneType }) } : {};
    const here = await adapterGradients(webgpu, folder, await inBits(true));
    // A shader's exponentials and roots may be off by several units in the last place.
    expectNear(here, await adapterGradients(cpu, folder, await inBits(false)), 1e-4);
    const recomputed = await adapterGradients(webgpu, folder, { ...(await inBits(true)), recompute: true });
    expectNear(recomputed, here, 1e-6);
  });

  test('products there and back run as shaders, while those of 8-bit integers would be left to the CPU', async () => {
    const open = (g: GraphBuilder) =>
      ort.InferenceSession.create(encodeModel(g.build(), String), {
        executionProviders: ['webgpu'],
        logSeverityLevel: 4,
        extra: { session: { disable_cpu_ep_fallback: '1' } },
      });
    const g = new GraphBuilder();
    const values = new Uint8Array((64 * 96) / 2);
    const weight = { name: 'w', dims: [64, 96] as const, values, scales: new Float32Array((64 * 96) / 32) };
    const matrix = int4Matrix(weight, { inOneType: true });
    g.output('there', matrix.forward(g, g.input('x', [3, 96])));
    g.output('back', matrix.backward(g, g.input('dy', [3, 64])));
    // Each number once on the device.
    expect(g.build().initializers.filter(({ name }) => name.startsWith('w.'))).toHaveLength(2);
    const session = await open(g);
    expect(session.outputNames).toEqual(['there', 'back']);
    await session.release();

    const other = new GraphBuilder();
    const b = other.initializer({ name: 'b', dims: [96, 64], type: 'int8', source: new Int8Array(96 * 64) });
    const inputs = [other.input('x', [3, 96], 'uint8'), b, other.scalar(1), other.scalar(1)];
    other.output('y', other.apply('MatMulIntegerToFloat', inputs, { dims: [3, 64] }));
    await expect(open(other)).rejects.toThrow(/fallback/);
  });
});
