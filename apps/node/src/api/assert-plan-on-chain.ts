import { candidateSeconds, digestOfPlan, type Plan } from '@skein/alliance';
import type { AllianceInfo } from '@skein/chain';
import { BaseError } from '@skein/core';

/**
 * Holds a plan that the hub brought against the contract: its digest, and every rule that the contract enforces itself.
 * @throws BaseError `node/other-plan` naming the first difference
 */
export function assertPlanOnChain(plan: Plan, { id, params }: AllianceInfo): void {
  const differences = [
    ['digest', digestOfPlan(plan), params.planDigest],
    ['initial model', plan.initialModel, params.initialModel],
    ['number of rounds', plan.rounds, params.rounds],
    ['fewest members', plan.minMembers, params.minMembers],
    ['most members', plan.maxMembers, params.maxMembers],
    ['way to join', plan.join, params.joinMode],
    ['pool', plan.pool, params.pool.toString()],
    ['stake', plan.stake, params.stake.toString()],
    ['aggregator’s stake', plan.aggregatorStake, params.aggregatorStake.toString()],
    ['time for a candidate', candidateSeconds(plan), params.candidateSeconds],
    ['time to commit', plan.phases.commit, params.commitSeconds],
    ['time to reveal', plan.phases.reveal, params.revealSeconds],
    ['tolerance', plan.toleranceMicroNats, params.toleranceMicroNats],
    ['evaluators’ fee', plan.evaluatorFeeBps, params.evaluatorFeeBps],
    ['penalty', plan.unrevealedPenaltyBps, params.unrevealedPenaltyBps],
  ] as const;
  const different = differences.find(([, planned, onChain]) => planned !== onChain);
  if (different === undefined) return;
  const [name, planned, onChain] = different;
  const message = `The plan of alliance ${id} says ${planned} as its ${name}, the contract ${onChain}.`;
  throw new BaseError('node/other-plan', message, {
    info: { name, planned, onChain },
    hints: ['Don’t join: the creator registered something else than the plan says.'],
  });
}
