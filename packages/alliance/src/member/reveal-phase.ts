import type { Turn } from './turn.ts';

/**
 * Brings the hub the model where the aggregator hasn't by half of the phase, or later: everybody could compute it, and
 * without it nobody could go on from it.
 */
export function bringModel({ input, effects }: Turn): void {
  const { chain, plan, now, outcomes } = input;
  const { candidate, revealDeadline } = chain;
  if (candidate === null || revealDeadline === null || now < revealDeadline - plan.phases.reveal / 2) return;
  const isMine = outcomes.replay?.posted === candidate.sum && outcomes.replay.model === candidate.model;
  if (isMine) effects.push({ kind: 'send-blob', root: candidate.model });
}

/** Opens the vote that was committed: staying silent costs part of the bond. */
export function revealPhase(turn: Turn): void {
  const { chain, self, now } = turn.input;
  const vote = turn.state.votes.find(({ attempt }) => attempt === chain.attempt);
  if (vote === undefined || chain.status !== 'voting' || now < chain.deadline) return;
  if (!chain.committed.includes(self) || chain.revealed.some(({ evaluator }) => evaluator === self)) return;
  const { attempt, lossChangeMicroNats, salt } = vote;
  turn.effects.push({ kind: 'reveal-vote', attempt, lossChangeMicroNats, salt });
}
