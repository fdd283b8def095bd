/** Hundredths of a percent in a whole. */
const BPS = 10_000n;

/** What an accepted round pays from; amounts in base units of the token. */
export interface RoundMoney {
  /** Money of the pool that no round has paid out. */
  readonly remaining: bigint;
  readonly rounds: number;
  /** Counts from 1. */
  readonly round: number;
  readonly evaluatorFeeBps: number;
  /** Survivors that were not removed for a fault. */
  readonly survivors: number;
  /** Evaluators that revealed. */
  readonly evaluators: number;
}

/** What everybody gets. */
export interface RoundPay {
  /** To each survivor. */
  readonly share: bigint;
  /** To each evaluator that revealed. */
  readonly fee: bigint;
  readonly paid: bigint;
  readonly remaining: bigint;
}

/**
 * The contract's arithmetic for an accepted round: an equal part of what is left for each round to come, so that the
 * money of rounds that weren't accepted, and what division leaves over, rolls on.
 */
export function settleRound(money: RoundMoney): RoundPay {
  const { remaining, rounds, round, survivors, evaluators } = money;
  const budget = remaining / BigInt(rounds - round + 1);
  const fees = (budget * BigInt(money.evaluatorFeeBps)) / BPS;
  const fee = evaluators === 0 ? 0n : fees / BigInt(evaluators);
  const share = survivors === 0 ? 0n : (budget - fees) / BigInt(survivors);
  const paid = fee * BigInt(evaluators) + share * BigInt(survivors);
  return { share, fee, paid, remaining: remaining - paid };
}

/** What an evaluator loses of its bond that commits and doesn't reveal. @param weight what is left of its bond */
export function unrevealedPenalty(stake: bigint, penaltyBps: number, weight: bigint): bigint {
  const penalty = (stake * BigInt(penaltyBps)) / BPS;
  return penalty < weight ? penalty : weight;
}

/** Where an alliance's money is: `in` is always the sum of the other three. */
export interface AllianceMoney {
  readonly in: bigint;
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly held: bigint;
}

/** What the members of a plan get if all rounds are accepted with everybody in them: for previews. */
export function previewPay(plan: {
  readonly pool: bigint;
  readonly rounds: number;
  readonly evaluatorFeeBps: number;
  readonly members: number;
}): AllianceMoney & { readonly perMember: bigint } {
  let remaining = plan.pool;
  let perMember = 0n;
  for (let round = 1; round <= plan.rounds; round++) {
    const { rounds, evaluatorFeeBps, members } = plan;
    const pay = settleRound({ remaining, rounds, round, evaluatorFeeBps, survivors: members, evaluators: members });
    remaining = pay.remaining;
    perMember += pay.share + pay.fee;
  }
  return { in: plan.pool, paid: plan.pool - remaining, refunded: remaining, held: 0n, perMember };
}
