import { expect, test } from 'vitest';
import { dropoutSeed } from './dropout-seed.ts';

test('differs for every seed, step and micro-batch, and stays a uint32', () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 10; seed++) {
    for (let step = 1; step <= 100; step++) {
      for (let index = 0; index < 10; index++) {
        const value = dropoutSeed(seed, step, index);
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
        seen.add(value);
      }
    }
  }
  // 10,000 draws from 2^32 are expected to collide 0.01 times.
  expect(seen.size).toBe(10_000);
});

test('spreads evenly over its bits', () => {
  const draws = 4096;
  const ones = Array.from({ length: 32 }, () => 0);
  for (let step = 1; step <= draws; step++) {
    const value = dropoutSeed(7, step, 0);
    for (let bit = 0; bit < 32; bit++) ones[bit]! += (value >>> bit) & 1;
  }
  // Five standard deviations of a fair coin over 4096 throws.
  for (const count of ones) expect(Math.abs(count - draws / 2)).toBeLessThan(5 * Math.sqrt(draws / 4));
});
