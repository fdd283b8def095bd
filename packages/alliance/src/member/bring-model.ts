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
