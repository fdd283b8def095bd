import type { Plan } from '../plan.ts';
import type { RoundView } from '../round-view.ts';
import { answersOf, missingAnswers } from './answers.ts';
import { aggregatorAt, rotationOf } from './rotation.ts';
import type { RoundFacts, RoundState } from './round-state.ts';

/**
 * What the hub tells about a round.
 * @param now seconds on the chain's clock, for whose turn it is to add up
 */
export function viewOf(plan: Plan, state: RoundState, facts: RoundFacts, now: number): RoundView {
  const { chain } = facts;
  const rotation = rotationOf(chain.aggregators, state.round, state.attempt);
  const sumPhase = { startedAt: state.phaseStartedAt, lengthSeconds: plan.phases.sum, now };
  const aggregator = state.phase === 'sum' ? aggregatorAt(rotation, sumPhase) : null;
  const waitingFor = missingAnswers(answersOf(plan, state, facts));
  const candidate = chain.candidate;
  return {
    alliance: facts.alliance,
    round: state.round,
    attempt: state.attempt,
    phase: state.phase,
    deadline: state.deadline,
    openedAt: chain.openedAt,
    model: chain.model,
    modelBytes: facts.modelBytes,
    members: chain.members.map(({ address, index }) => ({ address, index })).sort((a, b) => a.index - b.index),
    keyed: state.keyed,
    cohort: state.cohort,
    survivors: state.survivors,
    aggregator,
    candidate: candidate && { aggregator: candidate.aggregator, sum: candidate.sum, model: candidate.model },
    waitingFor: aggregator === null ? waitingFor : [aggregator],
    result:
      state.phase === 'closed'
        ? { accepted: state.accepted, reason: state.failure, model: state.model ?? chain.model }
        : null,
  };
}
