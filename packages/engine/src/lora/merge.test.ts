import { expect, test } from 'vitest';
import { mergeLora } from './merge.ts';

test('adds scale·B·A, worked out by hand', () => {
  const merged = mergeLora(
    Float32Array.of(1, 0, 0, 0, 1, 0),
    { a: Float32Array.of(1, 2, 3, 0, -1, 1), b: Float32Array.of(1, 10, 0, 2), scale: 0.5 },
    { out: 2, into: 3 },
  );
  expect([...merged]).toEqual([1 + 0.5, 0.5 * (2 - 10), 0.5 * (3 + 10), 0, 1 - 1, 1]);
});

test('leaves the weight as it is, and refuses arrays that do not fit', () => {
  const weight = Float32Array.of(1, 2);
  mergeLora(weight, { a: Float32Array.of(3, 4), b: Float32Array.of(1), scale: 1 }, { out: 1, into: 2 });
  expect([...weight]).toEqual([1, 2]);
  const misfit = { a: Float32Array.of(3, 4), b: Float32Array.of(1, 1, 1), scale: 1 };
  expect(() => mergeLora(weight, misfit, { out: 1, into: 2 })).toThrow(RangeError);
});
