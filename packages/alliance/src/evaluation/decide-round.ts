import { compareCodePoints } from '@skein/core';
import type { Address } from '../units.ts';

/** A revealed vote with the stake behind it. */
export interface WeighedVote {
  readonly evaluator: Address;
  readonly lossChangeMicroNats: number;
  readonly weight: bigint;
}

/** What the contract decides. */
export interface Decision {
  readonly accepted: boolean;
  /** The lower weighted median; null without a quorum. */
  readonly lossChangeMicroNats: number | null;
  /** Evaluators by ascending loss change, as `finalizeRound` wants them. */
  readonly order: readonly Address[];
}

/**
 * The decision of a round, as the contract computes it: at least ⅔ of the weight of all members must have revealed; then
 * the lower weighted median of the loss change is compared with the plan's tolerance.
 * @param totalWeight of the members when the round was opened
 */
export function decideRound(votes: readonly WeighedVote[], totalWeight: bigint, toleranceMicroNats: number): Decision {
  const sorted = votes.toSorted(
    (a, b) => a.lossChangeMicroNats - b.lossChangeMicroNats || compareCodePoints(a.evaluator, b.evaluator),
  );
  const order = sorted.map(({ evaluator }) => evaluator);
  const revealed = sorted.reduce((sum, { weight }) => sum + weight, 0n);
  if (revealed === 0n || revealed * 3n < totalWeight * 2n) return { accepted: false, lossChangeMicroNats: null, order };
  const median = lowerWeightedMedian(sorted);
  return { accepted: median <= toleranceMicroNats, lossChangeMicroNats: median, order };
}

/**
 * The smallest value at which at least half of the weight is reached.
 * @param sorted ascending; at least one, weights positive
 */
export function lowerWeightedMedian(sorted: readonly Omit<WeighedVote, 'evaluator'>[]): number {
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0n);
  let reached = 0n;
  for (const { lossChangeMicroNats, weight } of sorted) {
    reached += weight;
    if (reached * 2n >= total) return lossChangeMicroNats;
  }
  throw new RangeError('A median needs a vote with weight');
}
