import { z } from 'zod';
import type { AggregationCrypto } from '../crypto-port.ts';
import { fromHex, hexSchema, toHex } from '../hex.ts';
import { domainLabel, type RoundContext } from '../round-context.ts';

/** A member's secrets of one attempt, hexadecimal; they stay on its disk. */
export const roundSecretsSchema = z.strictObject({
  /** X25519: opens the shares sent to the member. */
  cipherSecret: hexSchema(32),
  /** X25519: makes the masks that the member shares with each other one; recovered by the others if it drops out. */
  maskSecret: hexSchema(32),
  /** Seed of the member's own mask; recovered by the others if it survives. */
  selfSeed: hexSchema(32),
});
export type RoundSecrets = z.infer<typeof roundSecretsSchema>;

/** What a member publishes of them, for the signed message `round/keys/1`. */
export const publicKeysSchema = z.strictObject({
  cipherPublic: hexSchema(32),
  maskPublic: hexSchema(32),
  selfSeedCommitment: hexSchema(32),
});
export type PublicKeys = z.infer<typeof publicKeysSchema>;

/** The cohort: everybody whose signed keys stand in the log, by id. */
export type Keyring = Readonly<Record<string, PublicKeys>>;

/** Draws fresh secrets. Store them before the public part leaves the machine. */
export function createRoundSecrets(crypto: AggregationCrypto): RoundSecrets {
  const draw = () => toHex(crypto.randomBytes(32));
  return { cipherSecret: draw(), maskSecret: draw(), selfSeed: draw() };
}

/** The public part of a member's secrets; always the same for the same secrets. */
export function publicKeysOf(
  crypto: AggregationCrypto,
  context: RoundContext,
  self: string,
  secrets: RoundSecrets,
): PublicKeys {
  const publicOf = (secret: string) => toHex(crypto.x25519PublicKey(fromHex(secret)));
  return {
    cipherPublic: publicOf(secrets.cipherSecret),
    maskPublic: publicOf(secrets.maskSecret),
    selfSeedCommitment: commitToSelfSeed(crypto, context, self, secrets.selfSeed),
  };
}

/** SHA-256 of a label with round and member, then the seed. */
export function commitToSelfSeed(
  crypto: AggregationCrypto,
  context: RoundContext,
  member: string,
  selfSeed: string,
): string {
  const label = domainLabel('self-seed-commitment', context, member);
  return toHex(crypto.createSha256().update(label).update(fromHex(selfSeed)).digest());
}
