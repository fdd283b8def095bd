import { expect, test } from 'vitest';
import { createInterpreter } from '../interpreter/interpreter-runtime.ts';
import { quantizeColumns, quantizeRows, refineRows, takeColumns, transposeInto } from '../models/quantize-stripe.ts';
import { createRandom } from '../random.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import { float32 } from '../tensor.ts';
import { withExactChannels } from './exact-channels.ts';
import { raw } from './elementwise.ts';
import { GraphBuilder } from './graph.ts';
import { int8Matrix, isQuantizable } from './int8-matrix.ts';
import { type FrozenMatrix, rawGemm } from './linear.ts';
import { ditheredRows, FINENESS } from './quantized-rows.ts';

const [rows, out, into] = [4, 24, 40];

interface Kind {
  readonly fine: boolean;
  readonly levels: number;
  readonly channels?: readonly number[];
}

/** W [out, in], as the cache makes it. */
function matrixOf(data: Float32Array, { fine, levels, channels = [] }: Kind): FrozenMatrix {
  const backward = quantizeColumns(data, into, levels);
  const exact = { name: 'w', channels, width: into, rows: takeColumns(data, into, channels) };
  const byRow = quantizeRows(data, into, fine ? levels - FINENESS / 2 : levels);
  const turned = (values: Int8Array) => {
    const target = new Int8Array(values.length);
    transposeInto(target, values, { first: 0, columns: into, stride: out });
    return target;
  };
  const matrix = int8Matrix({
    name: 'w',
    dims: [out, into],
    forward: {
      values: turned(byRow.values),
      second: fine ? turned(refineRows(data, byRow, FINENESS)) : undefined,
      scales: byRow.scales,
    },
    backward,
  });
  return channels.length > 0 ? withExactChannels(matrix, exact) : matrix;
}

async function products(data: { x: Float32Array; dy: Float32Array; w: Float32Array }, kind: Kind) {
  const g = new GraphBuilder();
  const [x, dy, w] = [g.input('x', [rows, into]), g.input('dy', [rows, out]), g.input('w', [out, into])];
  const matrix = matrixOf(data.w.slice(), kind);
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
  const { forward, backward } = await products(square, { fine: false, levels: 127 });
  expect(forward).toBeLessThan(1e-6);
  expect(backward).toBeLessThan(1e-6);
});

test.each([
  [127, 0.02],
  // Seven bits, for machines whose products saturate.
  [63, 0.03],
])('with weights up to %d, one product is within %d, two are ten times closer', async (levels, most) => {
  const data = { x: normal(rows * into), dy: normal(rows * out), w: normal(out * into) };
  const coarse = await products(data, { fine: false, levels });
  expect(coarse.forward).toBeLessThan(most);
  expect(coarse.forward).toBeGreaterThan(0.001);
  expect(coarse.backward).toBeLessThan(most);
  expect((await products(data, { fine: true, levels })).forward).toBeLessThan(coarse.forward / 6);
});

test('a channel that is much larger than the rest is multiplied in float32', async () => {
  const data = { x: normal(rows * into), dy: normal(rows * out), w: normal(out * into) };
  for (let row = 0; row < rows; row++) data.x[row * into + 5] = 1000 * (row + 1);
  const rounded = await products(data, { fine: true, levels: 127 });
  const exact = await products(data, { fine: true, levels: 127, channels: [5] });
  expect(exact.forward).toBeLessThan(rounded.forward / 100);
  expect(exact.backward).toBeLessThan(rounded.backward);
});

test('a matrix whose sums could pass 32 bits is left alone', () => {
  expect(isQuantizable([65_537, 896])).toBe(false);
  expect(isQuantizable([65_536, 896])).toBe(true);
});

test('numbers below half a step are not lost from rows without signs', async () => {
  const [count, columns] = [16, 2000];
  const g = new GraphBuilder();
  const x = g.input('x', [count, columns]);
  const { values, scale } = ditheredRows(g, x, g.input('peak', [count, 1]));
  const floats = g.apply('Cast', [values], { dims: values.dims, attributes: { to: 1 } });
  g.output('sum', raw.mul(g, raw.reduceSum(g, floats, [1]), scale));
  const session = await createInterpreter().createSession(g.build());
  // One number of 1 in each row; of the others, each a quarter of a step, rounding would leave nothing.
  const data = new Float32Array(count * columns).fill(1 / 1016);
  for (let row = 0; row < count; row++) data[row * columns] = 1;
  const results = await session.run({
    x: float32([count, columns], data),
    peak: float32([count, 1], new Float32Array(count).fill(1)),
  });
  const expected = 1 + (columns - 1) / 1016;
  for (const sum of results.sum?.data ?? []) expect(Math.abs(Number(sum) / expected - 1)).toBeLessThan(0.02);
  expect(results.sum?.data.length).toBe(count);
});
