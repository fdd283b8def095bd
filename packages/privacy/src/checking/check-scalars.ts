import { z } from 'zod';
import type { Digest } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import { neighboursAmong } from '../graph.ts';
import { CHALLENGE_COUNT, VALUE_BITS } from '../limits.ts';
import { pairKey, signOf } from '../masking/mask-keys.ts';
import type { MemberView } from '../secrets/create-shares.ts';
import { CHECK_PRIME, innerProducts } from './challenge.ts';

/** Body of `round/check/1`: eight numbers below 2^31 − 1. */
export const checkScalarsSchema = z.strictObject({
  challenge: z.string(),
  scalars: z
    .array(
      z
        .int()
        .min(0)
        .max(CHECK_PRIME - 1),
    )
    .length(CHALLENGE_COUNT),
});
export type CheckScalars = z.infer<typeof checkScalarsSchema>;

/** What a member answers to a challenge with. */
export interface CheckPlan {
  /** `challengeDigest`, whose inputs the member has seen in the log. */
  readonly challenge: Digest;
  /** Those of the request that the member answered, see `checkPlanOf`: never a list that somebody gave for this. */
  readonly survivors: readonly string[];
}

/**
 * A survivor's part in the check of the sum: ⟨r, x⟩ for each challenge vector, plus masks that add up to zero over all
 * survivors and that depend on the challenge, so that the answers to two challenges tell nothing together.
 * @param values exactly those that were uploaded
 */
export function checkScalars(
  crypto: AggregationCrypto,
  view: MemberView,
  values: Uint16Array,
  { challenge, survivors }: CheckPlan,
): CheckScalars {
  if (!survivors.includes(view.self)) throw new RangeError(`${view.self} is not among the survivors`);
  const scalars = innerProducts(crypto, challenge, values, VALUE_BITS);
  const { context, self, keyring } = view;
  for (const peer of neighboursAmong(Object.keys(keyring), self, survivors)) {
    const side = { context, self, peer, maskSecret: view.secrets.maskSecret, peerPublic: keyring[peer]!.maskPublic };
    const bytes = pairKey(crypto, side, { purpose: 'check-mask', byteCount: 8 * CHALLENGE_COUNT, parts: [challenge] });
    const words = new DataView(bytes.buffer, bytes.byteOffset);
    for (const [index, scalar] of scalars.entries()) {
      // 64 bits, so that the remainder is uniform but for 2^-33.
      const mask = Number(words.getBigUint64(8 * index, true) % BigInt(CHECK_PRIME));
      scalars[index] = (scalar + signOf(side) * mask + CHECK_PRIME) % CHECK_PRIME;
    }
  }
  return { challenge, scalars };
}

/** `failed` names nobody: one wrong number of anybody makes it fail. Then the replay decides. */
export type SumCheck = 'passed' | 'failed' | 'incomplete';

/**
 * Whether the survivors' scalars add up to those of the posted sum. A wrong sum passes with 2^-128 unless a member helps
 * the aggregator; see the replay.
 * @param bits `sumBits` of the cohort
 */
export function checkSum(
  crypto: AggregationCrypto,
  { challenge, survivors }: CheckPlan,
  answers: Readonly<Record<string, CheckScalars>>,
  posted: { readonly sum: Uint32Array; readonly bits: number },
): SumCheck {
  const given = survivors.map((id) => answers[id]);
  if (given.some((answer) => answer?.challenge !== challenge)) return 'incomplete';
  const expected = innerProducts(crypto, challenge, posted.sum, posted.bits);
  const fits = expected.every(
    (scalar, index) => given.reduce((sum, answer) => sum + answer!.scalars[index]!, 0) % CHECK_PRIME === scalar,
  );
  return fits ? 'passed' : 'failed';
}
