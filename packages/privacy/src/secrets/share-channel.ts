import type { AggregationCrypto, SealKey } from '../crypto-port.ts';
import { fromHex } from '../hex.ts';
import { domainLabel, type RoundContext } from '../round-context.ts';

/** One direction between two members of a round. */
export interface ShareChannel {
  readonly context: RoundContext;
  readonly sender: string;
  readonly recipient: string;
  /** The cipher secret of whichever side one is. */
  readonly ownSecret: string;
  /** The cipher key of the other side. */
  readonly peerPublic: string;
}

/** The key under which shares travel one way between two members; undefined where the peer's key is of low order. */
export function sealKeyOf(crypto: AggregationCrypto, channel: ShareChannel, nonce: Uint8Array): SealKey | undefined {
  const shared = crypto.x25519SharedSecret(fromHex(channel.ownSecret), fromHex(channel.peerPublic));
  if (shared === undefined) return undefined;
  const { context, sender, recipient } = channel;
  return {
    key: crypto.hkdfSha256(shared, domainLabel('share-key', context, sender, recipient), 32),
    nonce,
    associatedData: domainLabel('share-message', context, sender, recipient),
  };
}
