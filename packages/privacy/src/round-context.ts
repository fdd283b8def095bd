import { canonicalJson } from '@skein/core';
import { z } from 'zod';

/** What every key, mask and statement of a round is bound to. A repeated attempt has fresh keys and another number. */
export const roundContextSchema = z.strictObject({
  /** The alliance's id. */
  alliance: z.string(),
  round: z.int().min(0),
  attempt: z.int().min(0),
});
export type RoundContext = Readonly<z.infer<typeof roundContextSchema>>;

/**
 * Bytes that separate one use of a hash or key from every other: the purpose with this protocol's version, the round, and
 * whom it concerns, as canonical JSON. No two lists of parts have the same bytes.
 */
export function domainLabel(purpose: string, context: RoundContext, ...parts: readonly string[]): Uint8Array {
  const words = [`skein/privacy/1/${purpose}`, context.alliance, context.round, context.attempt, ...parts];
  return new TextEncoder().encode(canonicalJson(words));
}

/** Whether two contexts are the same attempt of the same round. */
export function isSameContext(a: RoundContext, b: RoundContext): boolean {
  return a.alliance === b.alliance && a.round === b.round && a.attempt === b.attempt;
}
