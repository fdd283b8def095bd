import type { Digest } from '@skein/core';
import { CHECK_PRIME, challengeDigest, survivorStatement } from '@skein/privacy';
import { sumJobOf } from '../aggregator/sum-job.ts';
import type { Candidate } from '../chain-round.ts';
import { orderAddresses } from '../member-set.ts';
import type { Address } from '../units.ts';
import { notice, say, type Turn } from './turn.ts';
import { uploadJobOf } from './upload-phase.ts';

/** Cohorts up to this size replay every sum; larger ones where the check doesn't pass. */
export const REPLAY_ALWAYS_UP_TO = 5;

/** A candidate with its sets as lists. */
export interface PostedCandidate {
  readonly candidate: Candidate;
  readonly cohort: readonly Address[];
  readonly survivors: readonly Address[];
}

/** `wrong`: sum or model don't follow from the uploads. */
export type CandidateCheck = 'pending' | 'right' | 'wrong';

/** Checks a candidate: by products, which costs little and convicts nobody, and by replay, which does. */
export async function checkCandidate(turn: Turn, posted: PostedCandidate): Promise<CandidateCheck> {
  const checked = checkByProducts(turn, posted);
  if (checked === 'pending') return 'pending';
  if (checked === 'wrong-model') {
    notice(turn, 'member/wrong-model', "The candidate's model doesn't follow from its sum; I vote against it.");
    return 'wrong';
  }
  if (checked === 'passed' && posted.cohort.length > REPLAY_ALWAYS_UP_TO) return 'right';
  return replay(turn, posted);
}

/** `unknown`: not everybody has answered in time, or there are no products to compare. */
type ProductCheck = 'pending' | 'passed' | 'failed' | 'unknown' | 'wrong-model';

function checkByProducts(turn: Turn, posted: PostedCandidate): ProductCheck {
  const { input, messages } = turn;
  const { candidate, survivors } = posted;
  const upload = survivors.includes(input.self) ? uploadJobOf(turn) : undefined;
  const challenge = challengeOf(turn, posted);
  if (upload?.kind !== 'secure' || challenge === undefined) return 'unknown';
  const { check } = input.outcomes;
  if (check?.sum !== candidate.sum) {
    const job = { sum: candidate.sum, challenge, upload, survivors, model: input.chain.model };
    turn.effects.push({ kind: 'check', job });
    return isHalfOver(turn) ? 'unknown' : 'pending';
  }
  const { sumProducts, products } = check;
  const own = say(turn, 'round/check/1', input.view.attempt, () => ({ sum: candidate.sum, products: [...products] }));
  if (sumProducts === null) return 'failed';
  if (check.model !== candidate.model) return 'wrong-model';
  const answers = survivors
    .map((address) => (address === input.self ? own : messages.of('round/check/1', input.view.attempt, address)?.body))
    .filter((body) => body?.sum === candidate.sum);
  if (answers.length < survivors.length) {
    const isSmall = posted.cohort.length <= REPLAY_ALWAYS_UP_TO;
    return isSmall || isHalfOver(turn) ? 'unknown' : 'pending';
  }
  const isRight = sumProducts.every(
    (expected, index) => answers.reduce((sum, body) => sum + body!.products[index]!, 0) % CHECK_PRIME === expected,
  );
  return isRight ? 'passed' : 'failed';
}

/** From here on the member no longer waits for the others' products. */
function isHalfOver({ input }: Turn): boolean {
  return input.now >= input.chain.deadline - Math.floor(input.plan.phases.commit / 2);
}

/** Bound to everything that stood in the log before; undefined in clear mode, or without the round's keys. */
function challengeOf({ input, messages, state }: Turn, posted: PostedCandidate): Digest | undefined {
  const keyring = state.privacy?.shared?.keyring;
  const uploads = messages.all('round/upload/1', 0, posted.survivors);
  if (keyring === undefined || uploads === undefined) return undefined;
  const context = { alliance: input.alliance, round: state.round, attempt: 0 };
  const roots = Object.fromEntries(uploads.map(({ sender, body }) => [sender, body.root]));
  const statement = survivorStatement(input.crypto, { context, keyring, sharers: [...posted.cohort], roots });
  return challengeDigest(input.crypto, { context, statement, sumRoot: posted.candidate.sum });
}

async function replay(turn: Turn, posted: PostedCandidate): Promise<CandidateCheck> {
  const { input, messages } = turn;
  const { candidate, survivors } = posted;
  const { replay: outcome } = input.outcomes;
  if (outcome?.posted !== candidate.sum) {
    const place = {
      plan: input.plan,
      alliance: input.alliance,
      round: turn.state.round,
      model: input.chain.model,
      modelBytes: input.view.modelBytes,
      keyed: orderAddresses(input.view.keyed ?? []),
      cohort: posted.cohort,
      survivors,
    };
    const result = await sumJobOf(input.crypto, place, messages);
    if (result.ok) turn.effects.push({ kind: 'replay', posted: candidate.sum, job: result.job });
    return 'pending';
  }
  const { sum } = outcome;
  if (sum === null) return 'wrong';
  if (sum !== candidate.sum) {
    if (survivors.includes(input.self)) {
      say(turn, 'round/replay/1', input.view.attempt, () => ({ posted: candidate.sum, replayed: sum }));
    }
    notice(turn, 'member/sum-refuted', `The posted sum is ${candidate.sum}; the uploads give ${sum}.`);
    return 'wrong';
  }
  if (outcome.model === candidate.model) return 'right';
  notice(turn, 'member/wrong-model', "The candidate's model doesn't follow from its sum; I vote against it.");
  return 'wrong';
}
