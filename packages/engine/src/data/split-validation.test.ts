import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitValidation } from './split-validation.ts';
import type { TokenizedExample } from './tokenized-example.ts';

function examplesOf(contents: readonly number[]): TokenizedExample[] {
  return contents.map((content, index) => ({
    source: { file: 'a', line: index + 1 },
    ids: Int32Array.of(content, content + 1, content),
    counted: Uint8Array.of(0, 1, 1),
  }));
}
const contentsOf = (examples: readonly TokenizedExample[]): number[] => examples.map(({ ids }) => ids[0] as number);
const many = examplesOf(Array.from({ length: 1000 }, (_, index) => index));

it('keeps equal contents on one side, loses nothing and keeps the order', () => {
  const contents = fc
    .array(fc.nat({ max: 20 }), { minLength: 2, maxLength: 60 })
    .filter((list) => new Set(list).size > 1);
  fc.assert(
    fc.property(contents, fc.integer(), (list, seed) => {
      const examples = examplesOf(list);
      const { train, validation } = splitValidation(examples, 0.01, seed);
      const sides = contentsOf(train);
      expect(contentsOf(validation).some((content) => sides.includes(content))).toBe(false);
      expect(validation.length).toBeGreaterThan(0);
      const lines = [...train, ...validation].map(({ source }) => source.line);
      expect(lines.sort((a, b) => a - b)).toEqual(examples.map(({ source }) => source.line));
      expect(train).toEqual(examples.filter((example) => train.includes(example)));
    }),
  );
});

it('takes the fraction asked for, the same for every order and another for another seed', () => {
  const first = splitValidation(many, 0.1, 7).validation;
  expect(first).toHaveLength(100);
  const backwards = splitValidation([...many].reverse(), 0.1, 7).validation;
  expect(contentsOf(backwards).reverse()).toEqual(contentsOf(first));
  const other = contentsOf(splitValidation(many, 0.1, 8).validation);
  // Two independent tenths share a hundredth: 10 of 1000, standard deviation below 3.2.
  expect(other.filter((content) => contentsOf(first).includes(content)).length).toBeLessThan(26);
});

it('refuses a split that leaves nothing to train on, and fractions that are none', () => {
  expect(() => splitValidation(examplesOf([5, 5, 5]), 0.5, 1)).toThrow(
    expect.objectContaining({ code: 'engine/data-too-small' }),
  );
  expect(() => splitValidation(many, 0, 1)).toThrow(RangeError);
  expect(() => splitValidation(many, 1, 1)).toThrow(RangeError);
});
