import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { quantizeColumns, quantizeRows, refineRows, takeColumns, transposeInto } from './quantize-stripe.ts';

const random = createRandom(1);
const data = Float32Array.from({ length: 6 * 8 }, () => random.normal());

test('rows: the error is at most half a step, and at most a twelfth of that with second values', () => {
  const stripe = quantizeRows(data, 8, 121);
  const second = refineRows(data, stripe, 12);
  data.forEach((x, i) => {
    const [scale = 0, whole = 0] = [stripe.scales[Math.floor(i / 8)], stripe.values[i]];
    expect(Math.abs(scale * whole - x)).toBeLessThanOrEqual(scale * 0.5001);
    const fine = whole + ((second[i] as number) - whole) / 12;
    expect(Math.abs(scale * fine - x)).toBeLessThanOrEqual((scale / 24) * 1.001 + 1e-7);
  });
  expect(Math.max(...stripe.values.map(Math.abs))).toBe(121);
  expect(Math.max(...second.map(Math.abs))).toBeLessThanOrEqual(127);
});

test('columns: the error is at most half a step of the column', () => {
  const { values, scales } = quantizeColumns(data, 8, 63);
  data.forEach((x, i) => {
    const scale = scales[i % 8] as number;
    expect(Math.abs(scale * (values[i] as number) - x)).toBeLessThanOrEqual(scale * 0.5001);
  });
  expect(Math.max(...values.map(Math.abs))).toBe(63);
});

test('zeros stay zeros', () => {
  const zeros = new Float32Array(8);
  const rows = quantizeRows(zeros, 4, 127);
  expect([...rows.scales]).toEqual([0, 0]);
  expect([...refineRows(zeros, rows, 12)]).toEqual([...new Int8Array(8)]);
  expect([...quantizeColumns(zeros, 4, 127).values]).toEqual([...new Int8Array(8)]);
});

test('columns are taken out', () => {
  const matrix = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect([...takeColumns(matrix, 3, [0, 2])]).toEqual([1, 4, 3, 6]);
  expect([...matrix]).toEqual([0, 2, 0, 0, 5, 0]);
});

test('a stripe goes transposed to its place', () => {
  const [out, columns] = [131, 70];
  const matrix = Int8Array.from({ length: out * columns }, (_, i) => i % 251);
  const target = new Int8Array(matrix.length);
  for (const [first, end] of [
    [0, 66],
    [66, 131],
  ] as const) {
    transposeInto(target, matrix.subarray(first * columns, end * columns), { first, columns, stride: out });
  }
  for (let n = 0; n < out; n++)
    for (let k = 0; k < columns; k++) expect(target[k * out + n]).toBe(matrix[n * columns + k]);
});
