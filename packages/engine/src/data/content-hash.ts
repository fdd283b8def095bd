/**
 * MurmurHash3 x86_32 (A. Appleby, 2011, public domain) of token ids as little-endian 32-bit words. For telling
 * contents apart and for splits; anybody can make two contents with one hash.
 * @returns an integer in [0, 2^32).
 */
export function contentHash(ids: Int32Array, seed: number): number {
  let hash = seed | 0;
  for (const id of ids) {
    const word = Math.imul(rotateLeft(Math.imul(id, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotateLeft(hash ^ word, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= ids.length * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotateLeft(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}
