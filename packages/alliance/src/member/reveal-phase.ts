import type { Turn } from './turn.ts';

/** Opens the vote that was committed: staying silent costs part of the bond. */
export function revealPhase(turn: Turn): void {
  const { chain, self, now } = turn.input;
  const vote = turn.state.votes.find(({ attempt }) => attempt === chain.attempt);
  if (vote === undefined || chain.status !== 'voting' || now < chain.deadline) return;
  if (!chain.committed.includes(self) || chain.revealed.some(({ evaluator }) => evaluator === self)) return;
  const { attempt, lossChangeMicroNats, salt } = vote;
  turn.effects.push({ kind: 'reveal-vote', attempt, lossChangeMicroNats, salt });
}
