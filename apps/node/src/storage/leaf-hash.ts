import { createHash } from 'node:crypto';

/** `merkleLeafHash` by OpenSSL: ten times faster than in JavaScript. */
export function leafHash(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(Uint8Array.of(0)).update(data).digest();
}
