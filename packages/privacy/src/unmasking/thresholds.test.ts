import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thresholdsOf } from './thresholds.ts';

describe('thresholdsOf', () => {
  it.each([
    [3, { shares: 2, quorum: 3, everySurvivorSigns: true, minSurvivors: 3 }],
    [5, { shares: 3, quorum: 4, everySurvivorSigns: true, minSurvivors: 3 }],
    [6, { shares: 4, quorum: 5, everySurvivorSigns: false, minSurvivors: 4 }],
    [64, { shares: 33, quorum: 43, everySurvivorSigns: false, minSurvivors: 23 }],
  ])('of %d members', (members, expected) => {
    expect(thresholdsOf(members)).toEqual({ members, ...expected });
  });

  it('never lets two survivor sets both reach the quorum, nor the corrupt hold enough shares', () => {
    // All who are corrupt may be in a cohort of hardly anybody else.
    const cohorts = fc
      .integer({ min: 3, max: 64 })
      .chain((members) =>
        fc.record({ members: fc.constant(members), corrupt: fc.integer({ min: 0, max: members - 2 }) }),
      );
    fc.assert(
      fc.property(cohorts, ({ members, corrupt }) => {
        const { quorum, shares, minSurvivors } = thresholdsOf(members, { corrupt, minSurvivors: corrupt + 2 });
        // The corrupt sign both sets, every honest member one.
        expect(2 * quorum - corrupt).toBeGreaterThan(members);
        expect(shares).toBeGreaterThan(corrupt);
        expect(shares).toBeLessThanOrEqual(members);
        expect(quorum).toBeLessThanOrEqual(members);
        expect(minSurvivors - corrupt).toBe(2);
      }),
    );
  });

  it('refuses cohorts and plans out of range', () => {
    expect(() => thresholdsOf(65)).toThrow(RangeError);
    expect(() => thresholdsOf(1)).toThrow(RangeError);
    expect(() => thresholdsOf(2)).toThrow('at most the 2 members');
    expect(() => thresholdsOf(9, { corrupt: 9 })).toThrow(RangeError);
    expect(() => thresholdsOf(9, { minSurvivors: 1 })).toThrow(RangeError);
  });
});
