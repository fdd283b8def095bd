import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thresholdsOf } from './thresholds.ts';

describe('thresholdsOf', () => {
  it.each([
    [3, { shares: 2, quorum: 3, everySurvivorSigns: true, minSurvivors: 3 }],
    [5, { shares: 3, quorum: 4, everySurvivorSigns: true, minSurvivors: 3 }],
    [6, { shares: 4, quorum: 5, everySurvivorSigns: false, minSurvivors: 3 }],
    [64, { shares: 33, quorum: 43, everySurvivorSigns: false, minSurvivors: 3 }],
  ])('of %d members', (members, expected) => {
    expect(thresholdsOf(members)).toEqual({ members, ...expected });
  });

  it('never lets two survivor sets both reach the quorum, nor the corrupt hold enough shares', () => {
    const plans = fc.record({
      members: fc.integer({ min: 3, max: 64 }),
      corruptShare: fc.double({ min: 0, max: 0.49, noNaN: true }),
    });
    fc.assert(
      fc.property(plans, ({ members, corruptShare }) => {
        const { quorum, shares } = thresholdsOf(members, { corruptShare });
        const corrupt = Math.floor(corruptShare * members);
        // The corrupt sign both sets, every honest member one.
        expect(2 * quorum - corrupt).toBeGreaterThan(members);
        expect(shares).toBeGreaterThan(corrupt);
        expect(quorum).toBeLessThanOrEqual(members);
      }),
    );
  });

  it('refuses cohorts and plans out of range', () => {
    expect(() => thresholdsOf(65)).toThrow(RangeError);
    expect(() => thresholdsOf(1)).toThrow(RangeError);
    expect(() => thresholdsOf(2)).toThrow('at most the 2 members');
    expect(() => thresholdsOf(9, { corruptShare: 0.5 })).toThrow(RangeError);
    expect(() => thresholdsOf(9, { minSurvivors: 1 })).toThrow(RangeError);
  });
});
