import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settleRound, previewPay, unrevealedPenalty } from '../money/settle-round.ts';
import { memberAt } from '../testing/sample-facts.ts';
import { decideRound } from './decide-round.ts';
import { lossChangeMicroNats, REJECTED_MICRO_NATS } from './loss-change.ts';

const votes = (...pairs: [number, bigint][]) =>
  pairs.map(([lossChange, weight], index) => ({ evaluator: memberAt(index), lossChangeMicroNats: lossChange, weight }));

describe('the decision', () => {
  it.each([
    ['the lower of two in the middle', votes([-5, 1n], [5, 1n]), 2n, true, -5],
    ['by weight, not by heads', votes([-5, 3n], [9, 1n], [9, 1n]), 5n, true, -5],
    ['against a majority that got worse', votes([-5, 1n], [3, 1n], [4, 1n]), 3n, false, 3],
    ['with exactly two thirds revealed', votes([-1, 1n], [-1, 1n]), 3n, true, -1],
    ['without quorum: the old model stays', votes([-1, 1n]), 3n, false, null],
    ['without any vote', votes(), 3n, false, null],
  ])('is %s', (_, revealed, total, accepted, lossChange) => {
    expect(decideRound(revealed, total, 0)).toMatchObject({ accepted, lossChangeMicroNats: lossChange });
  });

  it('does not depend on the order of votes', () => {
    const vote = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.bigInt({ min: 1n, max: 50n }));
    fc.assert(
      fc.property(fc.array(vote, { minLength: 1, maxLength: 9 }), fc.infiniteStream(fc.nat()), (pairs, keys) => {
        const all = votes(...pairs);
        const shuffled = all
          .map((one) => [keys.next().value, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one);
        expect(decideRound(shuffled, 1n, 0)).toEqual(decideRound(all, 1n, 0));
      }),
    );
  });
});

describe('a vote', () => {
  it('counts whole micro-nats and rejects what is no number', () => {
    expect(lossChangeMicroNats(2, 1.5)).toBe(-500_000);
    expect(Object.is(lossChangeMicroNats(1, 1), 0)).toBe(true);
    expect(lossChangeMicroNats(1, Number.NaN)).toBe(REJECTED_MICRO_NATS);
    expect(lossChangeMicroNats(1, Number.POSITIVE_INFINITY)).toBe(REJECTED_MICRO_NATS);
  });
});

describe('the money', () => {
  it('is never more than there is, and none is lost over a whole alliance', () => {
    const round = fc.record({
      accepted: fc.boolean(),
      survivors: fc.nat(64),
      evaluators: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        fc.nat(10_000),
        fc.array(round, { minLength: 1, maxLength: 12 }),
        (pool, evaluatorFeeBps, rounds) => {
          let remaining = pool;
          let credited = 0n;
          for (const [index, { accepted, survivors, evaluators }] of rounds.entries()) {
            if (!accepted) continue;
            const pay = settleRound({
              remaining,
              rounds: rounds.length,
              round: index + 1,
              evaluatorFeeBps,
              survivors,
              evaluators,
            });
            credited += pay.share * BigInt(survivors) + pay.fee * BigInt(evaluators);
            remaining = pay.remaining;
            expect(remaining).toBeGreaterThanOrEqual(0n);
          }
          expect(credited + remaining).toBe(pool);
        },
      ),
    );
  });

  it('of rounds that were not accepted goes to those that are', () => {
    const last = settleRound({
      remaining: 900n,
      rounds: 3,
      round: 3,
      evaluatorFeeBps: 1000,
      survivors: 4,
      evaluators: 3,
    });
    expect(last).toEqual({ share: 202n, fee: 30n, paid: 898n, remaining: 2n });
  });

  it('can be previewed', () => {
    const preview = previewPay({ pool: 1_000_003n, rounds: 4, evaluatorFeeBps: 1000, members: 3 });
    expect(preview.perMember * 3n).toBe(preview.paid);
    expect(preview.paid + preview.refunded).toBe(1_000_003n);
    expect(preview.refunded).toBeLessThan(10n);
  });

  it('lost by silence is bounded by what is left of the bond', () => {
    expect(unrevealedPenalty(1000n, 500, 1000n)).toBe(50n);
    expect(unrevealedPenalty(1000n, 500, 20n)).toBe(20n);
  });
});
