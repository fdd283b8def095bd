import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** A SHA-256 computation in progress; serves once. */
export interface Sha256 {
  /** Takes in the next bytes, which may be changed afterwards. */
  update(data: Uint8Array): Sha256;
  /** @returns the 32 bytes of the hash; afterwards the object is spent. */
  digest(): Uint8Array;
}

/** SHA-256 (FIPS 180-4) of bytes in memory, in 32 bytes. Plain JavaScript; hosts with a native hash use it for large files. */
export function sha256(data: Uint8Array): Uint8Array {
  return nobleSha256(data);
}

/** SHA-256 of data that arrive in pieces; any split gives the same hash. */
export function createSha256(): Sha256 {
  const hash = nobleSha256.create();
  const running: Sha256 = {
    update(data) {
      hash.update(data);
      return running;
    },
    digest: () => hash.digest(),
  };
  return running;
}
