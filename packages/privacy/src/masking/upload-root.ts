import { type Digest, digestFromHash, merkleRoot } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import { UPLOAD_LEAF_BYTES } from '../limits.ts';

const LEAF_PREFIX = Uint8Array.of(0);

/** Computes the root of bytes that arrive in pieces. */
export interface UploadHasher {
  update(piece: Uint8Array): void;
  root(): Digest;
}

/** The Merkle root (RFC 9162) of an upload or a posted sum over leaves of 1 MiB, the last one shorter. Any split gives the same. */
export function createUploadHasher(crypto: AggregationCrypto): UploadHasher {
  const leaves: Uint8Array[] = [];
  let leaf = crypto.createSha256().update(LEAF_PREFIX);
  let filled = 0;
  const close = () => {
    leaves.push(leaf.digest());
    leaf = crypto.createSha256().update(LEAF_PREFIX);
    filled = 0;
  };
  return {
    update(piece) {
      for (let start = 0; start < piece.length; ) {
        const part = piece.subarray(start, start + UPLOAD_LEAF_BYTES - filled);
        leaf.update(part);
        start += part.length;
        filled += part.length;
        if (filled === UPLOAD_LEAF_BYTES) close();
      }
    },
    root() {
      if (filled > 0) close();
      return digestFromHash(merkleRoot(leaves));
    },
  };
}

/** The root of bytes in memory. */
export function uploadRoot(crypto: AggregationCrypto, bytes: Uint8Array): Digest {
  const hasher = createUploadHasher(crypto);
  hasher.update(bytes);
  return hasher.root();
}
