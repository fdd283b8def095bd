import type { ChainRound } from '../chain-round.ts';
import { addressesOf, orderAddresses } from '../member-set.ts';
import type { Plan } from '../plan.ts';
import type { Phase } from '../round-view.ts';
import { answersOf, missingAnswers } from './answers.ts';
import { type KeeperAction, keeperActions } from './keeper-actions.ts';
import { cohortNeeded, corruptMembers, shareThreshold, survivorQuorum, survivorsNeeded } from './quorums.ts';
import type { Failure, RoundFacts, RoundState } from './round-state.ts';

/** The state to store, and what the keeper should do on the chain once it is stored. */
export interface Advanced {
  readonly state: RoundState;
  readonly actions: readonly KeeperAction[];
}

/**
 * Takes a round as far as the facts allow. Calling it again with the same facts changes nothing; the actions come back
 * until the chain shows that they were done.
 * @param now seconds on the chain's clock
 */
export function advanceRound(plan: Plan, state: RoundState, facts: RoundFacts, now: number): Advanced {
  let current = state;
  for (;;) {
    const next = followChain(plan, current, facts.chain, now) ?? step(plan, current, facts, now);
    if (next === undefined) return { state: current, actions: keeperActions(plan, current, facts, now) };
    current = next;
  }
}

/** What the chain decides, whatever the hub had thought. */
function followChain(plan: Plan, state: RoundState, chain: ChainRound, now: number): RoundState | undefined {
  if (chain.round !== state.round || isOver(state)) return undefined;
  if (chain.status === 'accepted' || chain.status === 'kept' || chain.status === 'failed')
    return closed(state, chain, now);
  if (chain.attempt > state.attempt) {
    return { ...entered(plan, { ...state, attempt: chain.attempt, failure: null }, 'survivors', now), model: null };
  }
  if (chain.status === 'voting' && chain.candidate !== null) return voting(state, chain, chain.candidate, now);
  return undefined;
}

/** Nothing can follow: closed on the chain, not only given up by the hub. */
function isOver(state: RoundState): boolean {
  return state.phase === 'closed' && state.model !== null;
}

function closed(state: RoundState, chain: ChainRound, now: number): RoundState {
  const accepted = chain.status === 'accepted';
  const model = accepted && chain.candidate !== null ? chain.candidate.model : chain.model;
  const failure = state.failure ?? (chain.status === 'failed' ? 'no-sum' : null);
  return { ...state, phase: 'closed', phaseStartedAt: now, deadline: now, failure, model, accepted };
}

function voting(
  state: RoundState,
  chain: ChainRound,
  candidate: NonNullable<ChainRound['candidate']>,
  now: number,
): RoundState | undefined {
  const phase = now < chain.deadline ? 'commit' : 'reveal';
  const deadline = phase === 'commit' ? chain.deadline : (chain.revealDeadline ?? chain.deadline);
  if (state.phase === phase && state.deadline === deadline) return undefined;
  const phaseStartedAt = state.phase === phase ? state.phaseStartedAt : now;
  const cohort = addressesOf(candidate.cohort, chain.members) ?? state.cohort;
  const survivors = addressesOf(candidate.survivors, chain.members) ?? state.survivors;
  return { ...state, phase, phaseStartedAt, deadline, cohort, survivors, failure: null };
}

function step(plan: Plan, state: RoundState, facts: RoundFacts, now: number): RoundState | undefined {
  if (state.phase === 'sum') return now < state.deadline ? undefined : failed(state, 'no-sum', facts.chain);
  if (state.phase === 'commit' || state.phase === 'reveal' || state.phase === 'closed') return undefined;
  const answers = answersOf(plan, state, facts);
  const isComplete = missingAnswers(answers).length === 0;
  if (!isComplete && now < state.deadline) return undefined;
  const next = afterAnswers(plan, state, orderAddresses(answers.given), facts.chain.members.length);
  if (typeof next === 'string') return failed(state, next, facts.chain);
  const latest = facts.chain.deadline;
  const started = entered(plan, { ...state, ...next.fixed }, next.phase, now);
  return { ...started, deadline: next.phase === 'sum' ? latest : Math.min(started.deadline, latest) };
}

interface Transition {
  readonly phase: Phase;
  readonly fixed: Partial<RoundState>;
}

/** Where those who answered can go on to, or why they can't. */
function afterAnswers(
  plan: Plan,
  state: RoundState,
  given: RoundState['keyed'] & object,
  members: number,
): Transition | Failure {
  const isSecure = plan.aggregation.kind === 'secure';
  const keyed = state.keyed?.length ?? 2;
  const quorum = (clearCohort: number, survivors: number) => {
    const cohort = isSecure ? keyed : clearCohort;
    return survivorQuorum(cohort, survivors, corruptMembers(plan, members, cohort));
  };
  switch (state.phase) {
    case 'keys':
      return given.length < cohortNeeded(plan, members)
        ? 'too-few-members'
        : { phase: 'shares', fixed: { keyed: given } };
    case 'shares': {
      const needed = Math.max(cohortNeeded(plan, members), shareThreshold(plan, members, keyed));
      return given.length < needed ? 'too-few-members' : { phase: 'upload', fixed: { cohort: given } };
    }
    case 'upload': {
      // Without masks nobody depends on those who are missing, so the cohort is whoever came.
      const cohort = isSecure ? (state.cohort ?? []) : given;
      const needed = Math.max(survivorsNeeded(plan, members), quorum(cohort.length, given.length));
      if (given.length < needed || cohort.length < plan.minMembers) return 'too-few-survivors';
      return { phase: 'survivors', fixed: { cohort, survivors: given } };
    }
    case 'survivors': {
      const needed = quorum(state.cohort?.length ?? 0, state.survivors?.length ?? 0);
      if (given.length < needed) return 'no-quorum';
      return { phase: isSecure ? 'unmask' : 'sum', fixed: {} };
    }
    default:
      return given.length < shareThreshold(plan, members, keyed) ? 'too-few-openings' : { phase: 'sum', fixed: {} };
  }
}

function entered(plan: Plan, state: RoundState, phase: Exclude<Phase, 'closed'> | Phase, now: number): RoundState {
  const lengthSeconds = phase === 'closed' ? 0 : plan.phases[phase];
  return { ...state, phase, phaseStartedAt: now, deadline: now + lengthSeconds };
}

/** The hub gives the round up; the chain closes it when its own deadline has passed. */
function failed(state: RoundState, failure: Failure, chain: ChainRound): RoundState {
  return { ...state, phase: 'closed', deadline: chain.deadline, failure };
}
