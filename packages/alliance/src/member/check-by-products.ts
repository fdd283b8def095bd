import type { Digest } from '@skein/core';
import { CHECK_PRIME, challengeDigest, survivorStatement } from '@skein/privacy';
import type { PostedCandidate } from './posted-candidate.ts';
import { isSameBody, say, type Turn } from './turn.ts';
import { uploadJobOf } from './upload-phase.ts';

/** `unknown`: not everybody has answered in time, or there are no products to compare. */
export type ProductCheck = 'pending' | 'passed' | 'failed' | 'unknown' | 'wrong-model';

/** Sends the own products with the challenge, and compares everybody's with those of the posted sum. */
export function checkByProducts(turn: Turn, posted: PostedCandidate): ProductCheck {
  const { input } = turn;
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
  say(turn, 'round/check/1', input.view.attempt, () => ({ sum: candidate.sum, products: [...products] }));
  if (sumProducts === null) return 'failed';
  if (check.model !== candidate.model) return 'wrong-model';
  return compareProducts(turn, posted, sumProducts);
}

function compareProducts(turn: Turn, posted: PostedCandidate, expected: readonly number[]): ProductCheck {
  const { input, messages } = turn;
  const { candidate, survivors } = posted;
  const answers = messages
    .some('round/check/1', input.view.attempt, survivors)
    .filter(({ body }) => body.sum === candidate.sum);
  if (answers.length < survivors.length) return isHalfOver(turn) ? 'unknown' : 'pending';
  const sumAt = (index: number) => answers.reduce((sum, { body }) => sum + body.products[index]!, 0) % CHECK_PRIME;
  return expected.every((product, index) => sumAt(index) === product) ? 'passed' : 'failed';
}

/** From here on the member no longer waits for the others' products. */
function isHalfOver({ input }: Turn): boolean {
  return input.now >= input.chain.deadline - Math.floor(input.plan.phases.commit / 2);
}

/** Bound to everything that stood in the log before; undefined in clear mode, or without the round's keys. */
function challengeOf({ input, messages, state }: Turn, posted: PostedCandidate): Digest | undefined {
  // Only for the set that this member signed: in another all others could work for the hub, and know the masks.
  const { cohort, survivors, uploadsRoot } = posted.candidate;
  if (!isSameBody(state.survivors, { cohort, survivors, uploadsRoot })) return undefined;
  const keyring = state.privacy?.shared?.keyring;
  const uploads = messages.all('round/upload/1', 0, posted.survivors);
  if (keyring === undefined || uploads === undefined) return undefined;
  const context = { alliance: input.alliance, round: state.round, attempt: 0 };
  const roots = Object.fromEntries(uploads.map(({ sender, body }) => [sender, body.root]));
  const statement = survivorStatement(input.crypto, { context, keyring, sharers: [...posted.cohort], roots });
  return challengeDigest(input.crypto, { context, statement, sumRoot: posted.candidate.sum });
}
