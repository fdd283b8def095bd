import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradientCosine } from '../evaluate/gradient-cosine.ts';
import { int8Levels } from '../node/int8-levels.ts';
import { randomModelFolder } from '../node/random-model.ts';
import { int8Gradients } from '../node/testing/adapter-gradients.ts';
import { readBytes } from '../node/testing/read-bytes.ts';
import { createWorkerRuntime } from '../node/worker-runtime.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

// Wide enough that products are cut into parts.
const shape = { layers: 2, hidden: 64, intermediate: 1536, heads: 4, kvHeads: 2, vocabulary: 2560 };
const [native, wasm] = [createWorkerRuntime('cpu'), createWasmRuntime({ threads: 2, readBytes })];
let parent: string;
let path: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skein-test-'));
  path = await randomModelFolder(parent, { shape, outliers: true });
});
afterAll(async () => {
  await Promise.all([native.close(), wasm.close()]);
  await rm(parent, { recursive: true });
});

test('gradients in float32 equal the native ones', async () => {
  const [here, there] = [
    await int8Gradients(wasm, path, { levels: undefined }),
    await int8Gradients(native, path, { levels: undefined }),
  ];
  for (const [index, gradient] of here.entries()) {
    expect(relativeDistance(gradient, there[index]!)).toBeLessThan(1e-5);
  }
});

test.each([127, 63])(
  'gradients with weights of %d levels are as near to float32 as the native ones',
  async (levels) => {
    const exact = await int8Gradients(native, path, { levels: undefined });
    const [here, there] = [await int8Gradients(wasm, path, { levels }), await int8Gradients(native, path, { levels })];
    // Floats that differ in their last digits are rounded to other 8-bit numbers now and then, so they are not equal.
    expect(gradientCosine(here, there)).toBeGreaterThan(0.9995);
    expect(gradientCosine(exact, here)).toBeGreaterThan(gradientCosine(exact, there) - 5e-4);
  },
);

test.each([undefined, 63])('layers that are run again give the same gradients, with levels %s', async (levels) => {
  const kept = await int8Gradients(wasm, path, { levels });
  const again = await int8Gradients(wasm, path, { levels, recompute: true });
  for (const [index, gradient] of again.entries()) {
    expect(relativeDistance(gradient, kept[index]!)).toBeLessThan(1e-6);
  }
});

test('products of all 8 bits are exact in WASM', async () => {
  expect(await int8Levels(wasm)).toBe(127);
});
