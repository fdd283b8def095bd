import { compareCodePoints } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import { fromHex } from '../hex.ts';
import { domainLabel, type RoundContext } from '../round-context.ts';

/** A keystream to be added to, or taken from, a vector. */
export interface SignedMask {
  /** 32 bytes for AES-256-CTR. */
  readonly key: Uint8Array;
  readonly sign: 1 | -1;
}

/** A pair as one of its members sees it. */
export interface PairSide {
  readonly context: RoundContext;
  readonly self: string;
  readonly peer: string;
  /** The mask secret of `self`. */
  readonly maskSecret: string;
  /** The mask key of `peer`. */
  readonly peerPublic: string;
}

/** The mask on a member's own seed. */
export function selfMask(crypto: AggregationCrypto, context: RoundContext, self: string, selfSeed: string): SignedMask {
  return { key: crypto.hkdfSha256(fromHex(selfSeed), domainLabel('self-mask', context, self), 32), sign: 1 };
}

/** The mask that `self` and `peer` share: the one that comes first in code-point order adds it, the other takes it off. */
export function pairMask(crypto: AggregationCrypto, side: PairSide): SignedMask {
  return { key: pairKey(crypto, side, { purpose: 'pair-mask', byteCount: 32 }), sign: signOf(side) };
}

/** +1 for the first of a pair, −1 for the second. */
export function signOf({ self, peer }: { self: string; peer: string }): 1 | -1 {
  return compareCodePoints(self, peer) < 0 ? 1 : -1;
}

/** What bytes of a pair are for. */
export interface PairPurpose {
  readonly purpose: 'pair-mask' | 'check-mask';
  readonly byteCount: number;
  /** More that the bytes are bound to. */
  readonly parts?: readonly string[];
}

/**
 * Bytes that only the two members of a pair know, others for each purpose.
 * @throws RangeError for a peer's key of low order, which `checkKeyring` names beforehand.
 */
export function pairKey(crypto: AggregationCrypto, side: PairSide, wanted: PairPurpose): Uint8Array {
  const { purpose, byteCount, parts = [] } = wanted;
  const shared = crypto.x25519SharedSecret(fromHex(side.maskSecret), fromHex(side.peerPublic));
  if (shared === undefined) throw new RangeError(`The key of ${side.peer} is of low order`);
  const pair = [side.self, side.peer].sort(compareCodePoints);
  return crypto.hkdfSha256(shared, domainLabel(purpose, side.context, ...pair, ...parts), byteCount);
}
