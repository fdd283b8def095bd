import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInterpreter } from '../interpreter/interpreter-runtime.ts';
import { saturatingProducts } from '../interpreter/testing/saturating-products.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { int8Levels } from './int8-levels.ts';
import { randomModelFolder } from './random-model.ts';
import { int8Gradients } from './testing/adapter-gradients.ts';
import { readBytes } from './testing/read-bytes.ts';

const shape = { layers: 1, hidden: 64, intermediate: 96, heads: 4, kvHeads: 2, vocabulary: 128 };
let parent: string;
let path: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skein-test-'));
  path = await randomModelFolder(parent, { shape, outliers: true });
});
afterAll(() => rm(parent, { recursive: true }));

const exact = createInterpreter({ readBytes });
const saturating = createInterpreter({ readBytes, operators: saturatingProducts() });

test('a machine that saturates in 16 bits gets 7-bit weights; one that cannot do even those is refused', async () => {
  expect(await int8Levels(exact)).toBe(127);
  expect(await int8Levels(saturating)).toBe(63);
  const worse = createInterpreter({ operators: saturatingProducts(32_129) });
  await expect(int8Levels(worse)).rejects.toMatchObject({ code: 'engine/int8-inexact' });
});

test('with 7-bit weights saturating products give the gradients of exact ones, bit by bit', async () => {
  const [here, there] = [
    await int8Gradients(exact, path, { levels: 63 }),
    await int8Gradients(saturating, path, { levels: 63 }),
  ];
  expect(there).toEqual(here);
  expect(here.some((gradient) => gradient.some((value) => value !== 0))).toBe(true);
});

test('with 8-bit weights they do not, so the levels matter', async () => {
  const [here, there] = [
    await int8Gradients(exact, path, { levels: 127 }),
    await int8Gradients(saturating, path, { levels: 127 }),
  ];
  const distances = here.map((gradient, index) => relativeDistance(there[index]!, gradient));
  expect(Math.max(...distances)).toBeGreaterThan(1e-3);
});
