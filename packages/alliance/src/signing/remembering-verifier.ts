import { canonicalJson } from '@skein/core';
import type { SigningDomain } from './message-hash.ts';
import { type MessageVerifier, type Verified, verifyMessage } from './verify-message.ts';

/** Messages remembered: all kinds of a cohort of 64 over a few rounds. */
const REMEMBERED = 4096;

/**
 * A verifier that remembers which messages were good, since a member looks at the same ones in every step and a
 * signature costs a millisecond. Bad ones are not remembered, so that nobody can fill it with them.
 */
export function createRememberingVerifier(domain: SigningDomain): MessageVerifier {
  const good = new Map<string, Verified & { readonly ok: true }>();
  return (value, expected = {}) => {
    const key = keyOf(value);
    const known = key === undefined ? undefined : good.get(key);
    if (known !== undefined && isInPlace(known, expected)) return known;
    const verified = verifyMessage(domain, value, expected);
    if (verified.ok && key !== undefined) {
      const [oldest] = good.keys();
      if (good.size >= REMEMBERED && oldest !== undefined) good.delete(oldest);
      good.set(key, verified);
    }
    return verified;
  };
}

function isInPlace(
  { message }: Verified & { readonly ok: true },
  expected: Parameters<MessageVerifier>[1] & {},
): boolean {
  return (
    (expected.alliance ?? message.alliance) === message.alliance &&
    (expected.round ?? message.round) === message.round &&
    (expected.attempt ?? message.attempt) === message.attempt
  );
}

function keyOf(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined;
  }
}
