import { canonicalJson, type Digest, digestFromHash } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import { CHALLENGE_COUNT, PIECE_ELEMENTS, wholeBlocks } from '../limits.ts';
import type { RoundContext } from '../round-context.ts';

/** The prime 2^31 − 1, modulo which inner products are taken. */
export const CHECK_PRIME = 2147483647;

/** What must stand in the log before anybody can know the challenge. */
export interface ChallengeInput {
  readonly context: RoundContext;
  /** `survivorStatement`: the survivors and the roots of their uploads. */
  readonly statement: Digest;
  /** `uploadRoot` of the packed sum. */
  readonly sumRoot: Digest;
}

/** Names the challenge: a digest of everything that it depends on. */
export function challengeDigest(crypto: AggregationCrypto, { context, statement, sumRoot }: ChallengeInput): Digest {
  const { alliance, round, attempt } = context;
  const body = { type: 'skein/privacy/1/challenge', alliance, round, attempt, statement, sumRoot };
  return digestFromHash(crypto.sha256(new TextEncoder().encode(canonicalJson(body))));
}

/**
 * Inner products of a vector with the challenge's eight vectors of 16-bit values, modulo 2^31 − 1.
 * @param values quantised values or their sum; at most 30 bits, since a difference must not be a multiple of the prime
 * @param bits of the largest value, 16 … 30
 */
export function innerProducts(
  crypto: AggregationCrypto,
  challenge: Digest,
  values: Uint16Array | Uint32Array,
  bits: number,
): number[] {
  if (!Number.isInteger(bits) || bits < 16 || bits > 30) throw new RangeError(`Values have 16 to 30 bits, got ${bits}`);
  const streams = challengeKeys(crypto, challenge).map((key) => crypto.aes256Ctr(key));
  // So many products of 16 and `bits` bits add up exactly in a float64.
  const exact = Math.min(PIECE_ELEMENTS, 2 ** (53 - 16 - bits));
  const sums = streams.map(() => 0);
  for (let start = 0; start < values.length; start += PIECE_ELEMENTS) {
    const piece = values.subarray(start, start + PIECE_ELEMENTS);
    for (const [index, stream] of streams.entries()) {
      const bytes = stream.next(wholeBlocks(2 * piece.length));
      const vector = new Uint16Array(bytes.buffer, bytes.byteOffset, piece.length);
      sums[index] = (sums[index]! + dot(piece, vector, exact)) % CHECK_PRIME;
    }
  }
  return sums;
}

function challengeKeys(crypto: AggregationCrypto, challenge: Digest): Uint8Array[] {
  const seed = new TextEncoder().encode(challenge);
  const info = new TextEncoder().encode('skein/privacy/1/challenge-vectors');
  const keys = crypto.hkdfSha256(seed, info, 32 * CHALLENGE_COUNT);
  return Array.from({ length: CHALLENGE_COUNT }, (_, index) => keys.subarray(32 * index, 32 * index + 32));
}

/** Σ a·b modulo the prime, reduced after every `exact` products. */
function dot(a: Uint16Array | Uint32Array, b: Uint16Array, exact: number): number {
  let total = 0;
  for (let start = 0; start < a.length; start += exact) {
    const end = Math.min(start + exact, a.length);
    let sum = 0;
    for (let i = start; i < end; i++) sum += a[i]! * b[i]!;
    total = (total + (sum % CHECK_PRIME)) % CHECK_PRIME;
  }
  return total;
}
