import { merkleLeafHash } from '@skein/core';

/** `merkleLeafHash`, at once or later. */
export type LeafHash = (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** `merkleLeafHash` by the host's native SHA-256 where there is one (a page without TLS has none). */
export async function leafHash(data: Uint8Array): Promise<Uint8Array> {
  if (globalThis.crypto?.subtle === undefined) return merkleLeafHash(data);
  const input = new Uint8Array(data.length + 1);
  input.set(data, 1);
  return new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', input));
}
