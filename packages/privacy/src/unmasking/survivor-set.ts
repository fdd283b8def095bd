import { type Digest, digestFromHash, digestSchema, canonicalJson } from '@skein/core';
import { z } from 'zod';
import type { AggregationCrypto } from '../crypto-port.ts';
import { orderMembers } from '../graph.ts';
import { type RoundContext, roundContextSchema } from '../round-context.ts';
import type { Keyring } from '../secrets/round-secrets.ts';

/** Whether `signer` signed the statement; the caller knows how its messages carry digests and signatures. */
export type VerifyStatement = (signer: string, statement: Digest, signature: string) => boolean;

const idSchema = z.string().min(1).max(200);

/** What the server asks everybody to unmask, with the proof that everybody sees the same. Body of `round/unmask/1`. */
export const unmaskRequestSchema = z.strictObject({
  context: roundContextSchema,
  /** Those whose shares arrived. */
  sharers: z.array(idSchema),
  /** Root of each survivor's upload, and its signature of `uploadStatement`. */
  survivors: z.record(idSchema, z.strictObject({ root: digestSchema, signature: z.string() })),
  /** The sharers whose upload did not arrive. */
  dropouts: z.array(idSchema),
  /** Signatures of `survivorStatement`. */
  signatures: z.record(idSchema, z.string()),
});
export type UnmaskRequest = z.infer<typeof unmaskRequestSchema>;

/** Whose uploads are summed, as every survivor signs it. */
export interface SurvivorSet {
  readonly context: RoundContext;
  readonly keyring: Keyring;
  readonly sharers: readonly string[];
  /** Root of each survivor's upload. */
  readonly roots: Readonly<Record<string, Digest>>;
}

/** An upload's bytes with what was masked against. */
export interface UploadClaim {
  readonly context: RoundContext;
  readonly keyring: Keyring;
  readonly sharers: readonly string[];
  readonly self: string;
  readonly root: Digest;
}

/**
 * What a member signs with its upload: the root of its bytes, and with whose keys it masked. Two members who were shown
 * different keys or sharers sign different statements, and the others notice before they unmask.
 */
export function uploadStatement(crypto: AggregationCrypto, claim: UploadClaim): Digest {
  const { context, keyring, sharers, self, root } = claim;
  return statement(crypto, 'upload', context, { keyring, sharers: orderMembers(sharers), self, root });
}

/** What a survivor signs before anything is unmasked. */
export function survivorStatement(crypto: AggregationCrypto, set: SurvivorSet): Digest {
  const { context, keyring, sharers, roots } = set;
  return statement(crypto, 'survivors', context, { keyring, sharers: orderMembers(sharers), roots });
}

function statement(crypto: AggregationCrypto, purpose: string, context: RoundContext, body: object): Digest {
  const { alliance, round, attempt } = context;
  const text = canonicalJson({ type: `skein/privacy/1/${purpose}`, alliance, round, attempt, ...body });
  return digestFromHash(crypto.sha256(new TextEncoder().encode(text)));
}
