import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packExamples } from './pack-examples.ts';
import { arbitraryExamples } from './testing/arbitrary-examples.ts';
import type { TokenizedExample } from './tokenized-example.ts';

const tokensIn = (row: readonly TokenizedExample[]): number => row.reduce((sum, { ids }) => sum + ids.length, 0);
const ofLengths = (...lengths: number[]): TokenizedExample[] =>
  lengths.map((length, index) => ({
    source: { file: 'a', line: index + 1 },
    ids: new Int32Array(length),
    counted: new Uint8Array(length),
  }));
const linesOf = (rows: readonly TokenizedExample[][]): number[][] =>
  rows.map((row) => row.map(({ source }) => source.line));

it('takes the tightest row, equal lengths in order', () => {
  expect(linesOf(packExamples(ofLengths(4, 7, 3, 6, 3, 7), { length: 10 }))).toEqual([
    [2, 5],
    [6, 3],
    [4, 1],
  ]);
  expect(packExamples([], { length: 10 })).toEqual([]);
});

it('places every example once, overfills no row, and leaves no two rows that fit into one', () => {
  fc.assert(
    fc.property(arbitraryExamples(12), fc.integer({ min: 12, max: 30 }), (examples, length) => {
      const rows = packExamples(examples, { length });
      expect(new Set(rows.flat())).toEqual(new Set(examples));
      expect(rows.flat()).toHaveLength(examples.length);
      const sizes = rows.map(tokensIn).sort((a, b) => a - b);
      expect(sizes.at(-1) ?? 0).toBeLessThanOrEqual(length);
      const [least, next] = sizes;
      if (least !== undefined && next !== undefined) expect(least + next).toBeGreaterThan(length);
    }),
  );
});

it('refuses an example that fits in no row', () => {
  expect(() => packExamples(ofLengths(11), { length: 10 })).toThrow(RangeError);
});
