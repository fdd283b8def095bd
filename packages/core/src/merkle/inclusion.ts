import { isSameMerkleHash, MERKLE_HASH_BYTES, merkleNodeHash, merkleParents } from './hash.ts';

/**
 * Proves that a leaf is in the tree over `leafHashes`: the siblings on the way up, lowest first. Costs n − 1 hashes.
 * @param index of the leaf, 0 … n − 1
 * @throws RangeError if there is no such leaf.
 * @see RFC 9162 §2.1.3.1
 */
export function makeInclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= leafHashes.length) {
    throw new RangeError(`No leaf ${index} in a tree of ${leafHashes.length}`);
  }
  const proof: Uint8Array[] = [];
  let level = leafHashes;
  for (let position = index; level.length > 1; position = Math.floor(position / 2)) {
    const sibling = level[position % 2 === 0 ? position + 1 : position - 1];
    if (sibling !== undefined) proof.push(sibling.slice());
    level = merkleParents(level);
  }
  return proof;
}

/** What a verifier of an inclusion holds: all of it may come from a peer. */
export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  /** The leaf's position, 0 … size − 1. */
  readonly index: number;
  /** Leaves in the tree. */
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the leaf stands at `index` in the tree of `size` leaves with this root. Never throws;
 * numbers beyond 2^53 − 1 and hashes of other lengths are refused.
 * @see RFC 9162 §2.1.3.2
 */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const { index, size, proof } = claim;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (claim.leafHash.length !== MERKLE_HASH_BYTES) return false;
  // Sizes may pass 2^32, where JavaScript's shifts would cut them, hence the divisions.
  let node = index;
  let last = size - 1;
  let hash = claim.leafHash;
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== MERKLE_HASH_BYTES) return false;
    if (node % 2 === 1 || node === last) {
      hash = merkleNodeHash(sibling, hash);
      // A last node without a right neighbour was lifted, perhaps several levels.
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = merkleNodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && isSameMerkleHash(hash, claim.root);
}
