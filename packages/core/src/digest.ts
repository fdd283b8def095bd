import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { BaseError } from './errors.ts';
import { sha256 } from './sha256.ts';
import type { Digest } from './units.ts';

const PREFIX = 'sha256:';
const PATTERN = /^sha256:[0-9a-f]{64}$/;

function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && PATTERN.test(value);
}

const expectation = 'expected "sha256:" and 64 lower-case hexadecimal digits';

/** A digest inside a document; the only spelling is lower case, so equal digests are equal strings. */
export const digestSchema = z.string(expectation).regex(PATTERN, expectation) as unknown as z.ZodType<Digest, Digest>;

/**
 * Reads a digest that came from outside.
 * @throws BaseError `core/bad-digest`
 */
export function parseDigest(value: unknown): Digest {
  if (isDigest(value)) return value;
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value;
  throw new BaseError('core/bad-digest', `Expected a digest, got ${shown}.`, {
    hints: ['Write "sha256:" followed by 64 lower-case hexadecimal digits.'],
  });
}

/** The digest whose SHA-256 hash was computed elsewhere (a native hash, a Merkle root). @throws RangeError unless 32 bytes. */
export function digestFromHash(hash: Uint8Array): Digest {
  if (hash.length !== 32) throw new RangeError(`A SHA-256 hash has 32 bytes, got ${hash.length}`);
  return (PREFIX + bytesToHex(hash)) as Digest;
}

/** The 32 bytes of a digest. */
export function hashOfDigest(digest: Digest): Uint8Array {
  return hexToBytes(digest.slice(PREFIX.length));
}

/** Names bytes in memory by their content. */
export function digestOfBytes(data: Uint8Array): Digest {
  return digestFromHash(sha256(data));
}

/**
 * Names plain data by their canonical JSON, so that order of members and white space don't matter.
 * @throws TypeError as `canonicalJson`
 * @see RFC 8785
 */
export function digestOfJson(value: unknown): Digest {
  return digestOfBytes(new TextEncoder().encode(canonicalJson(value)));
}
