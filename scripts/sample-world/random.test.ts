import { assert, integer, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom, hashText } from './random.ts';

test('draws stay in range, repeat by seed and label, and differ by either', () => {
  assert(
    property(integer(), string(), integer({ min: 2 ** 17, max: 2 ** 32 }), (seed, label, bound) => {
      const draws = (s: number, l: string): number[] => {
        const random = createRandom(s, l);
        return Array.from({ length: 8 }, () => random.below(bound));
      };
      const first = draws(seed, label);
      expect(first.every((draw) => Number.isInteger(draw) && draw >= 0 && draw < bound)).toBe(true);
      expect(draws(seed, label)).toEqual(first);
      expect(draws(seed + 1, label)).not.toEqual(first);
      expect(draws(seed, `${label}x`)).not.toEqual(first);
    }),
  );
});

test('the values of a die are equally likely', () => {
  const random = createRandom(1, 'die');
  const draws = Array.from({ length: 60_000 }, () => random.below(6));
  const counts = [0, 1, 2, 3, 4, 5].map((side) => draws.filter((draw) => draw === side).length);
  // 10,000 each with a standard deviation of 91: five of them.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(456);
});

test('shuffling keeps every item and leaves the list alone', () => {
  const items = Array.from({ length: 100 }, (_, at) => at);
  const shuffled = createRandom(3, 'deck').shuffle(items);
  expect(shuffled).not.toEqual(items);
  expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
});

test('picking from nothing is refused', () => {
  expect(() => createRandom(1, 'none').pick([])).toThrow(RangeError);
});

test('half of all names hash to an even number', () => {
  const even = Array.from({ length: 10_000 }, (_, at) => hashText(`ward:${at}`)).filter((hash) => hash % 2 === 0);
  expect(Math.abs(even.length - 5000)).toBeLessThan(250);
});
