import { createSha256, sha256 } from '../sha256.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Bytes of every hash in a tree. */
export const MERKLE_HASH_BYTES = 32;

/** Hash of a leaf: SHA-256(0x00 ‖ data). The first byte keeps a leaf from passing as a node. @see RFC 9162 §2.1.1 */
export function merkleLeafHash(data: Uint8Array): Uint8Array {
  return createSha256().update(LEAF).update(data).digest();
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). @see RFC 9162 §2.1.1 */
export function merkleNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createSha256().update(NODE).update(left).update(right).digest();
}

/**
 * Root of the tree over `leafHashes` (of `merkleLeafHash`); of no leaves SHA-256 of nothing. n leaves cost n − 1 hashes.
 * @see RFC 9162 §2.1.1
 */
export function merkleRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  // Pairing neighbours and lifting an odd last one gives the RFC's tree, which splits at the largest power of two.
  let level = leafHashes;
  while (level.length > 1) level = merkleParents(level);
  return level[0]?.slice() ?? sha256(new Uint8Array());
}

/** The level above: neighbours hashed in pairs, an odd last one lifted as it is. */
export function merkleParents(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Uint8Array;
    const right = level[i + 1];
    parents.push(right === undefined ? left : merkleNodeHash(left, right));
  }
  return parents;
}

/** Whether two hashes are the same bytes. Not in constant time: roots and proofs are public. */
export function isSameMerkleHash(hash: Uint8Array, other: Uint8Array): boolean {
  return hash.length === other.length && hash.every((byte, index) => byte === other[index]);
}
