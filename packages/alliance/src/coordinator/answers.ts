import type { Plan } from '../plan.ts';
import type { Address } from '../units.ts';
import { memberAddresses, type RoundFacts, type RoundState, sendersOf } from './round-state.ts';

/** Whom a phase waits for, and who has answered. */
export interface Answers {
  readonly expected: readonly Address[];
  readonly given: readonly Address[];
}

/** The answers of the phase that the round is in. */
export function answersOf(plan: Plan, state: RoundState, facts: RoundFacts): Answers {
  const members = memberAddresses(facts);
  const { chain } = facts;
  switch (state.phase) {
    case 'keys':
      return { expected: members, given: sendersOf(facts, { kind: 'round/keys/1', attempt: 0 }, members) };
    case 'shares': {
      const keyed = state.keyed ?? [];
      return { expected: keyed, given: sendersOf(facts, { kind: 'round/shares/1', attempt: 0 }, keyed) };
    }
    case 'upload': {
      const expected = plan.aggregation.kind === 'secure' ? (state.cohort ?? []) : members;
      return { expected, given: expected.filter((address) => facts.uploaded.includes(address)) };
    }
    case 'survivors': {
      const expected = state.survivors ?? [];
      const { attempt } = state;
      return { expected, given: sendersOf(facts, { kind: 'round/survivors/1', attempt }, expected) };
    }
    case 'unmask': {
      const expected = state.survivors ?? [];
      return { expected, given: sendersOf(facts, { kind: 'round/unmask/1', attempt: 0 }, expected) };
    }
    case 'commit':
      return { expected: members, given: chain.committed };
    case 'reveal':
      return { expected: chain.committed, given: chain.revealed.map(({ evaluator }) => evaluator) };
    case 'sum':
    case 'closed':
      return { expected: [], given: [] };
  }
}

/** Who has not yet answered. */
export function missingAnswers({ expected, given }: Answers): Address[] {
  return expected.filter((address) => !given.includes(address));
}
