import { invariant } from '@skein/core';
import { z } from 'zod';
import type { AggregationCrypto } from '../crypto-port.ts';
import { neighbours, orderMembers } from '../graph.ts';
import { fromHex, hexSchema, toHex } from '../hex.ts';
import { domainLabel, type RoundContext } from '../round-context.ts';
import type { Keyring, RoundSecrets } from './round-secrets.ts';
import { sealKeyOf } from './share-channel.ts';

/** Bytes of one share: 32 of the secret and its place. */
export const SHARE_BYTES = 33;
const NONCE_BYTES = 12;
const SEALED_BYTES = NONCE_BYTES + 2 * SHARE_BYTES + 16;

/** Which of a member's two secrets a share is of. */
export type ShareKind = 'selfSeed' | 'maskSecret';

/** Body of the message `round/shares/1`: to each recipient, itself included, sealed shares and commitments to them. */
export const sharesMessageSchema = z.strictObject({
  sealed: z.record(z.string(), hexSchema(SEALED_BYTES)),
  commitments: z.record(z.string(), z.strictObject({ selfSeed: hexSchema(32), maskSecret: hexSchema(32) })),
});
export type SharesMessage = z.infer<typeof sharesMessageSchema>;

/** A share of each secret, opened, hexadecimal. */
export interface OpenedShares {
  readonly selfSeed: string;
  readonly maskSecret: string;
}

/** A member's place in a round. */
export interface MemberView {
  readonly context: RoundContext;
  readonly self: string;
  readonly secrets: RoundSecrets;
  readonly keyring: Keyring;
}

/**
 * Shares one's two secrets among the cohort. The result differs from call to call: store it, then send it, and after a
 * restart send what is stored.
 * @param threshold shares that give a secret back; see `thresholdsOf`
 */
export async function createShares(
  crypto: AggregationCrypto,
  view: MemberView,
  threshold: number,
): Promise<SharesMessage> {
  const recipients = orderMembers([view.self, ...neighbours(Object.keys(view.keyring), view.self)]);
  const split = (secret: string) => crypto.splitSecret(fromHex(secret), recipients.length, threshold);
  const selfSeeds = await split(view.secrets.selfSeed);
  const maskSecrets = await split(view.secrets.maskSecret);
  const sealed: Record<string, string> = {};
  const commitments: SharesMessage['commitments'] = {};
  for (const [index, recipient] of recipients.entries()) {
    const opened = { selfSeed: toHex(selfSeeds[index]!), maskSecret: toHex(maskSecrets[index]!) };
    sealed[recipient] = sealShares(crypto, view, recipient, opened);
    const commit = (kind: ShareKind) =>
      commitToShare(crypto, view.context, { dealer: view.self, recipient, kind }, opened[kind]);
    commitments[recipient] = { selfSeed: commit('selfSeed'), maskSecret: commit('maskSecret') };
  }
  return { sealed, commitments };
}

/** Which share of a round. */
export interface ShareName {
  readonly dealer: string;
  readonly recipient: string;
  readonly kind: ShareKind;
}

/** Binds the dealer to a share, so that whoever opens another one is convicted. Shares are random, so the hash hides them. */
export function commitToShare(
  crypto: AggregationCrypto,
  context: RoundContext,
  name: ShareName,
  share: string,
): string {
  const label = domainLabel('share-commitment', context, name.dealer, name.recipient, name.kind);
  return toHex(crypto.createSha256().update(label).update(fromHex(share)).digest());
}

function sealShares(crypto: AggregationCrypto, view: MemberView, recipient: string, shares: OpenedShares): string {
  const nonce = crypto.randomBytes(NONCE_BYTES);
  const channel = {
    context: view.context,
    sender: view.self,
    recipient,
    ownSecret: view.secrets.cipherSecret,
    peerPublic: view.keyring[recipient]!.cipherPublic,
  };
  const box = sealKeyOf(crypto, channel, nonce);
  invariant(box !== undefined, `the key of ${recipient} is of low order and was not left out`);
  return toHex(nonce) + toHex(crypto.seal(box, fromHex(shares.selfSeed + shares.maskSecret)));
}

/** Opens what `sender` sealed for `view.self`; undefined where it wasn't sealed by that sender for this round and recipient. */
export function openSealedShares(
  crypto: AggregationCrypto,
  view: MemberView,
  sender: string,
  sealed: string,
): OpenedShares | undefined {
  const channel = {
    context: view.context,
    sender,
    recipient: view.self,
    ownSecret: view.secrets.cipherSecret,
    peerPublic: view.keyring[sender]!.cipherPublic,
  };
  const bytes = fromHex(sealed);
  const box = sealKeyOf(crypto, channel, bytes.subarray(0, NONCE_BYTES));
  const plaintext = box && crypto.open(box, bytes.subarray(NONCE_BYTES));
  if (plaintext?.length !== 2 * SHARE_BYTES) return undefined;
  return { selfSeed: toHex(plaintext.subarray(0, SHARE_BYTES)), maskSecret: toHex(plaintext.subarray(SHARE_BYTES)) };
}
