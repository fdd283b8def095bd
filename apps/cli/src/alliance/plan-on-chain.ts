import { candidateSeconds, digestOfPlan, type Plan } from '@skein/alliance';
import type { AddressBook, AllianceParams } from '@skein/chain';

/** What the contract enforces of a plan. */
export function paramsOfPlan(plan: Plan, book: AddressBook): AllianceParams {
  const { initialModel, rounds, minMembers, maxMembers, phases, toleranceMicroNats } = plan;
  return {
    planDigest: digestOfPlan(plan),
    initialModel,
    token: book.token,
    pool: BigInt(plan.pool),
    stake: BigInt(plan.stake),
    aggregatorStake: BigInt(plan.aggregatorStake),
    rounds,
    minMembers,
    maxMembers,
    joinMode: plan.join,
    candidateSeconds: candidateSeconds(plan),
    commitSeconds: phases.commit,
    revealSeconds: phases.reveal,
    toleranceMicroNats,
    evaluatorFeeBps: plan.evaluatorFeeBps,
    unrevealedPenaltyBps: plan.unrevealedPenaltyBps,
  };
}
