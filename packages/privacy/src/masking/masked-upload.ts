import type { AggregationCrypto } from '../crypto-port.ts';
import { packBits } from '../encoding/pack.ts';
import { neighboursAmong } from '../graph.ts';
import { PIECE_ELEMENTS } from '../limits.ts';
import type { MemberView } from '../secrets/create-shares.ts';
import { createMaskRun } from './apply-masks.ts';
import { pairMask, type SignedMask, selfMask } from './mask-keys.ts';

/** What goes into an upload besides the values. */
export interface UploadPlan {
  /** Everybody whose shares arrived, `self` among them: with each of them a mask is shared. */
  readonly sharers: readonly string[];
  /** `sumBits` of the cohort. */
  readonly bits: number;
}

/**
 * pack((values + own mask ± masks shared with each sharer) mod 2^bits), in pieces of whole words in order, so that only
 * one piece is in memory and the caller can yield between them. The same arguments give the same bytes. An upload must
 * never be made twice from different values: two of them would differ by the difference of the values in clear.
 */
export function* maskedUpload(
  crypto: AggregationCrypto,
  view: MemberView,
  values: Uint16Array,
  plan: UploadPlan,
): Generator<Uint8Array, void> {
  const run = createMaskRun(crypto, masksOf(crypto, view, plan.sharers));
  for (let start = 0; start < values.length; start += PIECE_ELEMENTS) {
    const piece = new Uint32Array(values.subarray(start, start + PIECE_ELEMENTS));
    run.apply(piece);
    yield packBits(piece, plan.bits);
  }
}

function masksOf(crypto: AggregationCrypto, view: MemberView, sharers: readonly string[]): SignedMask[] {
  const { context, self, secrets, keyring } = view;
  if (!sharers.includes(self)) throw new RangeError(`${self} is not among those whose shares arrived`);
  const stranger = sharers.find((id) => !Object.hasOwn(keyring, id));
  if (stranger !== undefined) throw new RangeError(`${stranger} has no keys in the cohort`);
  const pairs = neighboursAmong(Object.keys(keyring), self, sharers).map((peer) => {
    const peerPublic = keyring[peer]!.maskPublic;
    return pairMask(crypto, { context, self, peer, maskSecret: secrets.maskSecret, peerPublic });
  });
  return [selfMask(crypto, context, self, secrets.selfSeed), ...pairs];
}
