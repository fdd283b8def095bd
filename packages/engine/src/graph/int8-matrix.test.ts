import { expect, test } from 'vitest';
import { createInterpreter } from '../interpreter/interpreter-runtime.ts';
import { quantizeColumns, quantizeRows, transposeInto } from '../models/quantize-stripe.ts';
import { createRandom } from '../random.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { float32 } from '../tensor.ts';
import { GraphBuilder } from './graph.ts';
import { type Int8Weight, int8Matrix, isQuantizable, partWidth } from './int8-matrix.ts';
import { rawGemm } from './linear.ts';

const [rows, out, into] = [4, 24, 40];

/** W [out, in] in one part each way, as the cache makes it. */
function weightOf(data: Float32Array, fine: boolean): Int8Weight {
  const byRow = quantizeRows(data, into, 127);
  const forward = new Int8Array(data.length);
  const rest = new Int8Array(data.length);
  transposeInto(forward, byRow.values, { first: 0, columns: into, stride: out });
  transposeInto(rest, byRow.rest, { first: 0, columns: into, stride: out });
  const backward = quantizeColumns(data, into, 127);
  return {
    name: 'w',
    dims: [out, into],
    levels: 127,
    forward: { values: forward, rest: fine ? rest : undefined, scales: byRow.scales },
    backward: { values: backward.values, scales: backward.scales },
  };
}

async function products(data: { x: Float32Array; dy: Float32Array; w: Float32Array }, fine: boolean) {
  const g = new GraphBuilder();
  const [x, dy, w] = [g.input('x', [rows, into]), g.input('dy', [rows, out]), g.input('w', [out, into])];
  const matrix = int8Matrix(weightOf(data.w, fine));
  g.output('forward', matrix.forward(g, x));
  g.output('backward', matrix.backward(g, dy));
  g.output('exactForward', rawGemm(g, [x, w], { transposeB: true }));
  g.output('exactBackward', rawGemm(g, [dy, w]));
  const session = await createInterpreter().createSession(g.build());
  const results = await session.run({
    x: float32([rows, into], data.x),
    dy: float32([rows, out], data.dy),
    w: float32([out, into], data.w),
  });
  const distance = (a: string, b: string) =>
    relativeDistance(results[a]?.data as Float32Array, results[b]?.data as Float32Array);
  return { forward: distance('forward', 'exactForward'), backward: distance('backward', 'exactBackward') };
}

const random = createRandom(7);
const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
/** Whole numbers with the largest magnitude in every row and column. */
const whole = (count: number, width: number) =>
  Float32Array.from({ length: count }, (_, i) =>
    Math.floor(i / width) % width === i % width || i % width === 0 ? 127 : random.below(255) - 127,
  );

test('whole numbers are multiplied exactly', async () => {
  const square = { x: whole(rows * into, into), dy: whole(rows * out, out), w: whole(out * into, into) };
  square.w.fill(127, 0, into);
  for (let n = 0; n < out; n++) square.w[n * into] = 127;
  const { forward, backward } = await products(square, false);
  expect(forward).toBeLessThan(1e-6);
  expect(backward).toBeLessThan(1e-6);
});

test('8 bits are within 2 % of exact products, the fine ones within 0.01 %', async () => {
  const data = { x: normal(rows * into), dy: normal(rows * out), w: normal(out * into) };
  const coarse = await products(data, false);
  expect(coarse.forward).toBeLessThan(0.02);
  expect(coarse.forward).toBeGreaterThan(0.001);
  expect(coarse.backward).toBeLessThan(0.02);
  expect((await products(data, true)).forward).toBeLessThan(1e-4);
});

test('parts divide the rows', () => {
  for (const count of [896, 4864, 151_936, 128_256, 96, 11_008]) {
    expect(count % partWidth(count)).toBe(0);
    expect(count / partWidth(count)).toBeLessThanOrEqual(64);
  }
});

test('a matrix whose sums could pass 32 bits is left alone', () => {
  // A prime number of rows has no parts.
  expect(isQuantizable([151_937, 896])).toBe(false);
  expect(isQuantizable([151_936, 896])).toBe(true);
});
