import { compareCodePoints } from '@skein/core';
import { decideRound } from '../evaluation/decide-round.ts';
import type { Plan } from '../plan.ts';
import type { Address } from '../units.ts';
import { refutationQuorum } from './quorums.ts';
import type { RoundFacts, RoundState } from './round-state.ts';

/** A transaction that anybody may send; each is harmless when it comes twice. */
export type KeeperAction =
  | { readonly kind: 'openRound'; readonly round: number }
  /** `order`: who revealed, by ascending loss change. */
  | { readonly kind: 'finalizeRound'; readonly round: number; readonly order: readonly Address[] }
  | { readonly kind: 'failRound'; readonly round: number }
  /** With the signatures of the signers' `round/replay/1` messages of this attempt. */
  | {
      readonly kind: 'refuteSum';
      readonly round: number;
      readonly attempt: number;
      readonly replayed: string;
      readonly signers: readonly Address[];
    };

/** What the chain is ready for. */
export function keeperActions(plan: Plan, state: RoundState, facts: RoundFacts, now: number): KeeperAction[] {
  const { chain } = facts;
  if (chain.round !== state.round) return [];
  const { round } = chain;
  if (chain.status === 'open' && now >= chain.deadline) return [{ kind: 'failRound', round }];
  if (chain.status !== 'voting') return [];
  const refuted = refutationOf(state, facts);
  if (refuted !== undefined) return [refuted];
  const isComplete = chain.revealed.length === chain.committed.length && !isModelAwaited(plan, facts);
  const isOver = now >= (chain.revealDeadline ?? Number.POSITIVE_INFINITY);
  if (now < chain.deadline || !(isComplete || isOver)) return [];
  return [{ kind: 'finalizeRound', round, order: finalOrder(chain.revealed) }];
}

/** A model that wins the vote is to be had by all before the round ends early. */
function isModelAwaited({ toleranceMicroNats }: Plan, { chain, isModelHere }: RoundFacts): boolean {
  if (isModelHere) return false;
  const weights = new Map(chain.members.map(({ address, weight }) => [address, BigInt(weight)]));
  const votes = chain.revealed.map((vote) => ({ ...vote, weight: weights.get(vote.evaluator) ?? 0n }));
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  return decideRound(votes, total, toleranceMicroNats).accepted;
}

/** Evaluators by ascending loss change, as `finalizeRound` wants them. */
export function finalOrder(
  votes: readonly { readonly evaluator: Address; readonly lossChangeMicroNats: number }[],
): Address[] {
  return votes
    .toSorted((a, b) => a.lossChangeMicroNats - b.lossChangeMicroNats || compareCodePoints(a.evaluator, b.evaluator))
    .map(({ evaluator }) => evaluator);
}

function refutationOf(state: RoundState, { chain, refutations }: RoundFacts): KeeperAction | undefined {
  const posted = chain.candidate?.sum;
  const survivors = state.survivors ?? [];
  const bySum = Map.groupBy(
    refutations.filter(
      ({ attempt, sender, ...sums }) =>
        attempt === chain.attempt && sums.posted === posted && sums.replayed !== posted && survivors.includes(sender),
    ),
    ({ replayed }) => replayed,
  );
  for (const [replayed, messages] of bySum) {
    const signers = [...new Set(messages.map(({ sender }) => sender))].sort(compareCodePoints);
    if (signers.length < refutationQuorum(survivors.length)) continue;
    return { kind: 'refuteSum', round: chain.round, attempt: chain.attempt, replayed, signers };
  }
  return undefined;
}

/** What the chain says of an alliance between rounds. */
export interface AllianceOnChain {
  readonly status: 'forming' | 'active' | 'finished' | 'cancelled';
  readonly paused: boolean;
  /** The last round that was opened; 0 before the first. */
  readonly round: number;
  readonly isRoundOpen: boolean;
  readonly memberCount: number;
}

/** The next round's opening, where the contract would accept it. */
export function nextRoundAction(plan: Plan, alliance: AllianceOnChain): KeeperAction | null {
  const { status, paused, round, isRoundOpen, memberCount } = alliance;
  const isReady = status === 'active' && !paused && !isRoundOpen && memberCount >= plan.minMembers;
  return isReady && round < plan.rounds ? { kind: 'openRound', round: round + 1 } : null;
}
