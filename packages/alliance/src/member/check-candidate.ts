import { REPLAY_ALWAYS_UP_TO } from '../aggregator/what-is-read.ts';
import { opaqueRule } from '../plan.ts';
import { checkByProducts } from './check-by-products.ts';
import { type CandidateCheck, type PostedCandidate, postedCandidate } from './posted-candidate.ts';
import { replayRound } from './replay-round.ts';
import { notice, type Turn } from './turn.ts';

/** In larger ones so many members on average, drawn in secret, replay although the check has passed. */
export const DRAWN_REPLAYS = 3;

/**
 * Checks a candidate: by products, which costs little and convicts nobody, and by replay, which does. Where everybody
 * replays, the products would decide nothing and nobody waits for them, so they are left out.
 */
export async function checkCandidate(turn: Turn, posted: PostedCandidate): Promise<CandidateCheck> {
  // Nothing can be replayed: whoever votes measures the model, and that is all.
  if (isVoteOnly(turn)) {
    if (posted.candidate.sum === posted.candidate.model) return 'right';
    notice(turn, 'member/wrong-model', "The candidate's model isn't its sum; I vote against it.");
    return 'wrong';
  }
  if (posted.cohort.length <= REPLAY_ALWAYS_UP_TO) return replayRound(turn, posted);
  const checked = checkByProducts(turn, posted);
  if (checked === 'pending') return 'pending';
  if (checked === 'wrong-model') {
    notice(turn, 'member/wrong-model', "The candidate's model doesn't follow from its sum; I vote against it.");
    return 'wrong';
  }
  if (checked === 'passed' && !isDrawn(turn, posted.cohort.length) && !isAlarm(turn, posted)) return 'right';
  return replayRound(turn, posted);
}

/** Whether this member replays the round's sum whatever the check says. */
export function isDrawn(turn: Turn, cohortSize: number): boolean {
  if (isVoteOnly(turn)) return false;
  return cohortSize <= REPLAY_ALWAYS_UP_TO || turn.state.replayDraw < DRAWN_REPLAYS / cohortSize;
}

function isVoteOnly({ input }: Turn): boolean {
  return opaqueRule(input.plan)?.replay === 'evaluation-only';
}

/** Replays, even after the vote, a sum that somebody else's replay refutes: only many replays together convict. */
export async function heedAlarm(turn: Turn): Promise<undefined> {
  const posted = postedCandidate(turn);
  if (posted !== undefined && !isVoteOnly(turn) && isAlarm(turn, posted)) await replayRound(turn, posted);
}

function isAlarm({ input, messages }: Turn, { candidate, survivors }: PostedCandidate): boolean {
  return messages
    .some('round/replay/1', input.view.attempt, survivors)
    .some(({ body }) => body.posted === candidate.sum && body.replayed !== candidate.sum);
}
