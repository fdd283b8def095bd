import { type Digest, hashOfDigest } from '@skein/core';

/** Of shuffling and dropout: the same in every round of an alliance, and for whoever trains under the same plan. */
export function trainingSeed(planDigest: Digest): number {
  const hash = hashOfDigest(planDigest);
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0);
}
