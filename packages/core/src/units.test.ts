import { describe, expect, it } from 'vitest';
import { bytes } from './units.ts';

describe('bytes', () => {
  it.each([0, 1, Number.MAX_SAFE_INTEGER])('takes %d', (count) => {
    expect(bytes(count)).toBe(count);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d', (count) => {
    expect(() => bytes(count)).toThrow(RangeError);
  });
});
