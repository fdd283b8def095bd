import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { quantizeColumns, quantizeRows, transposeInto } from './quantize-stripe.ts';

const random = createRandom(1);
const data = Float32Array.from({ length: 6 * 8 }, () => random.normal());

test('rows: whole numbers and rest together have an error of at most a quarter of a 127th of a 127th of the peak', () => {
  const { values, rest, scales } = quantizeRows(data, 4, 127);
  data.forEach((x, i) => {
    const scale = scales[Math.floor(i / 4)] as number;
    const error = Math.abs(scale * ((values[i] as number) + (rest[i] as number) / 254) - x);
    expect(error).toBeLessThanOrEqual((scale / 508) * 1.001 + 1e-7);
  });
  expect(Math.max(...values.map(Math.abs))).toBe(127);
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
  expect([...quantizeRows(zeros, 4, 127).scales]).toEqual([0, 0]);
  expect([...quantizeColumns(zeros, 4, 127).values]).toEqual([...new Int8Array(8)]);
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
