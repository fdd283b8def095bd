import type { MemberEffect, MemberInput } from './member-input.ts';
import type { MemberRoundState } from './member-state.ts';

/**
 * Opens the vote that was committed: staying silent costs part of the bond. Follows from the chain alone, so that no hub
 * can keep a member from it, whatever it says or doesn't.
 */
export function revealEffects(
  state: MemberRoundState | null,
  { chain, self, now }: Pick<MemberInput, 'chain' | 'self' | 'now'>,
): MemberEffect[] {
  if (state?.round !== chain.round) return [];
  const vote = state.votes.find(({ attempt }) => attempt === chain.attempt);
  if (vote === undefined || chain.status !== 'voting' || now < chain.deadline) return [];
  if (!chain.committed.includes(self) || chain.revealed.some(({ evaluator }) => evaluator === self)) return [];
  const { attempt, lossChangeMicroNats, salt } = vote;
  return [{ kind: 'reveal-vote', attempt, lossChangeMicroNats, salt }];
}
