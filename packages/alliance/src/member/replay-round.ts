import { type SumJob, sumJobOf } from '../aggregator/sum-job.ts';
import { orderAddresses } from '../member-set.ts';
import type { CandidateCheck, PostedCandidate } from './posted-candidate.ts';
import { notice, say, type Turn } from './turn.ts';

/** Computes sum and model again from the uploads, and signs what came out if it is another sum. */
export async function replayRound(turn: Turn, posted: PostedCandidate): Promise<CandidateCheck> {
  const { input } = turn;
  const { candidate, survivors } = posted;
  const { replay } = input.outcomes;
  if (replay?.posted !== candidate.sum) {
    await startReplay(turn, posted);
    return 'pending';
  }
  const { sum } = replay;
  if (sum === null) return 'wrong';
  if (sum === candidate.sum) {
    if (replay.model === candidate.model) return 'right';
    notice(turn, 'member/wrong-model', "The candidate's model doesn't follow from its sum; I vote against it.");
    return 'wrong';
  }
  notice(turn, 'member/sum-refuted', `The posted sum is ${candidate.sum}; the uploads give ${sum}.`);
  if (survivors.includes(input.self)) {
    say(turn, 'round/replay/1', input.view.attempt, () => ({ posted: candidate.sum, replayed: sum }));
  }
  // A vote would hasten the decision; the others need time to replay as well.
  return input.now < input.chain.deadline - Math.floor(input.plan.phases.commit / 4) ? 'pending' : 'wrong';
}

async function startReplay(turn: Turn, { candidate, ...sets }: PostedCandidate): Promise<void> {
  const job = await replayJob(turn, sets);
  if (job !== undefined) turn.effects.push({ kind: 'replay', posted: candidate.sum, job });
}

/** What adding up takes, for the sets named; undefined while messages are missing. */
export async function replayJob(
  { input, messages, state }: Turn,
  { cohort, survivors }: Pick<PostedCandidate, 'cohort' | 'survivors'>,
): Promise<SumJob | undefined> {
  const { plan, alliance, view, chain, crypto } = input;
  const keyed = state.keyed ?? orderAddresses(view.keyed ?? []);
  const { round } = state;
  const { model } = chain;
  const sets = { members: chain.members.length, keyed, cohort, survivors };
  const place = { plan, alliance, round, model, modelBytes: view.modelBytes, ...sets };
  const result = await sumJobOf(crypto, place, messages);
  return result.ok ? result.job : undefined;
}
