import { expect, test } from 'vitest';
import { relativeDistance, shareOfTolerance } from './compare.ts';

const floats = (...list: number[]) => Float32Array.from(list);

test('the share of the tolerance is 1 at its border', () => {
  expect(shareOfTolerance(floats(1, 2), floats(1, 2), { atol: 0, rtol: 0 })).toBe(0);
  expect(shareOfTolerance(floats(0.5, 4), floats(0, 2), { atol: 0.5, rtol: 0.75 })).toBe(1);
  expect(shareOfTolerance(floats(0.5, 5), floats(0, 2), { atol: 0.5, rtol: 0.75 })).toBe(1.5);
});

test('the distance is relative to the second', () => {
  expect(relativeDistance([3, 4], [3, 4])).toBe(0);
  expect(relativeDistance([3, 4 + 5], [3, 4])).toBe(1);
});

test.each([
  ['NaN', floats(Number.NaN), floats(1)],
  ['NaN on the other side', floats(1), floats(Number.NaN)],
  ['another length', floats(1), floats(1, 1)],
])('%s is never near', (_, a, b) => {
  expect(shareOfTolerance(a, b, { atol: 1, rtol: 1 })).toBe(Number.POSITIVE_INFINITY);
  expect(relativeDistance(a, b)).toBe(Number.POSITIVE_INFINITY);
});
