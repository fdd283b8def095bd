import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../node/node-crypto.ts';
import { dequantiseSum } from './dequantise-sum.ts';
import { type QuantiserPlan, quantise } from './quantise.ts';

const seed = '07'.repeat(32);
const equal: QuantiserPlan = { clipNorm: 1e6, range: 2, weights: 'equal' };
const weighted: QuantiserPlan = { ...equal, weights: 'by-examples', maxExamples: 1000 };
const step = (2 * equal.range) / 65535;

/** The mean of updates by way of their quantised sum. */
function meanOf(updates: readonly Float32Array[], plan: QuantiserPlan, examples: readonly number[] = []) {
  const quantised = updates.map((update, index) =>
    quantise(nodeCrypto, update, plan, { seed: index.toString(16).padStart(64, '0'), examples: examples[index] ?? 1 }),
  );
  const sum = new Uint32Array(quantised[0]!.length);
  for (const values of quantised) for (const [i, value] of values.entries()) sum[i]! += value;
  return dequantiseSum(sum, plan, updates.length);
}

const floats = (length: number) =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround), { minLength: length, maxLength: length });

describe('quantise', () => {
  it('gives the same values for the same seed, others for another', () => {
    const update = Float32Array.from({ length: 70_000 }, (_, i) => Math.sin(i));
    const first = quantise(nodeCrypto, update, equal, { seed });
    expect(quantise(nodeCrypto, update, equal, { seed })).toEqual(first);
    expect(quantise(nodeCrypto, update, equal, { seed: '08'.repeat(32) })).not.toEqual(first);
  });

  it('rounds up or down to the step, right on average', () => {
    // 0.3 of a step above a level: the mean of 200,000 draws lies within 5 standard errors of √(0.3·0.7/200000) ≈ 0.001.
    const value = Math.fround(0);
    const exact = (value + 2) / step;
    const levels = quantise(nodeCrypto, new Float32Array(200_000).fill(value), equal, { seed });
    expect(new Set(levels)).toEqual(new Set([Math.floor(exact), Math.ceil(exact)]));
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    expect(Math.abs(mean - exact)).toBeLessThan(0.006);
  });

  it('reaches both ends of the range and cuts what is beyond', () => {
    const update = Float32Array.of(2, -2, 1e30, -1e30, 0);
    const levels = quantise(nodeCrypto, update, { ...equal, clipNorm: 1e38 }, { seed });
    expect([...levels.subarray(0, 4)]).toEqual([65535, 0, 65535, 0]);
  });

  it('stays within 16 bits at the top of any range', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-30, max: 1e30, noNaN: true }), (range) => {
        const levels = quantise(
          nodeCrypto,
          new Float32Array(64).fill(3e38),
          { ...equal, clipNorm: 1e300, range },
          { seed },
        );
        expect(new Set(levels)).toEqual(new Set([65535]));
      }),
    );
  });

  it('scales the whole update down to the clip norm', () => {
    const mean = meanOf([Float32Array.of(3, 4)], { ...equal, clipNorm: 1 })!;
    expect(mean[0]).toBeCloseTo(0.6, 3);
    expect(mean[1]).toBeCloseTo(0.8, 3);
  });

  it('refuses updates that are not finite, plainly', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => quantise(nodeCrypto, Float32Array.of(1, bad), equal, { seed })).toThrow(
        expect.objectContaining({ code: 'privacy/update-not-finite' }),
      );
    }
  });

  it('refuses plans and inputs out of range', () => {
    const update = Float32Array.of(1);
    expect(() => quantise(nodeCrypto, update, { ...equal, range: 0 }, { seed })).toThrow(RangeError);
    expect(() => quantise(nodeCrypto, update, { ...equal, clipNorm: Number.NaN }, { seed })).toThrow(RangeError);
    expect(() => quantise(nodeCrypto, update, weighted, { seed })).toThrow('need their number');
    const { maxExamples: _, ...boundless } = weighted;
    expect(() => quantise(nodeCrypto, update, boundless, { seed, examples: 3 })).toThrow('maxExamples');
  });
});

describe('dequantiseSum', () => {
  it('gives the mean within a step', () => {
    fc.assert(
      fc.property(fc.array(floats(5), { minLength: 1, maxLength: 6 }), (updates) => {
        const mean = meanOf(
          updates.map((update) => Float32Array.from(update)),
          equal,
        )!;
        for (let i = 0; i < 5; i++) {
          const exact = updates.reduce((sum, update) => sum + update[i]!, 0) / updates.length;
          expect(Math.abs(mean[i]! - exact)).toBeLessThanOrEqual(step * 1.0001);
        }
      }),
    );
  });

  it('weighs by examples, and more than the plan allows counts as that', () => {
    const updates = [Float32Array.of(1), Float32Array.of(-1)];
    // Weights 750 and 250 of 1000; a step of each member's value weighs up to maxExamples / Σ examples = 1.
    expect(Math.abs(meanOf(updates, weighted, [750, 250])![0]! - 0.5)).toBeLessThan(2 * step);
    expect(Math.abs(meanOf(updates, weighted, [9000, 500])![0]! - 1 / 3)).toBeLessThan(2 * step);
  });

  it('returns nothing where the sum of weights is impossible', () => {
    const levels = (examples: number) => Uint32Array.of(40_000, examples);
    expect(dequantiseSum(levels(2), weighted, 2)).toBeDefined();
    expect(dequantiseSum(levels(1), weighted, 2)).toBeUndefined();
    expect(dequantiseSum(levels(0), weighted, 2)).toBeUndefined();
    expect(dequantiseSum(levels(2001), weighted, 2)).toBeUndefined();
  });
});
