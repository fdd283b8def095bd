import { isSameMerkleHash, MERKLE_HASH_BYTES, merkleNodeHash, merkleRoot } from './hash.ts';

/**
 * Proves that the tree over the first `oldSize` leaves is a beginning of the tree over all `leafHashes`. Costs up to
 * n − 1 hashes.
 * @param oldSize 1 … n; equal sizes need no proof and give an empty one.
 * @throws RangeError if `oldSize` is outside of that: of an empty tree everything is a continuation.
 * @see RFC 9162 §2.1.4.1
 */
export function makeConsistencyProof(leafHashes: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  if (!Number.isInteger(oldSize) || oldSize < 1 || oldSize > leafHashes.length) {
    throw new RangeError(`No consistency proof from ${oldSize} to ${leafHashes.length} leaves`);
  }
  return subproof(leafHashes, oldSize, true);
}

/** SUBPROOF(m, D_n, b) of the RFC; `known` says that the verifier has the old subtree's root already. */
function subproof(leaves: readonly Uint8Array[], oldSize: number, known: boolean): Uint8Array[] {
  if (oldSize === leaves.length) return known ? [] : [merkleRoot(leaves)];
  const split = largestPowerBelow(leaves.length);
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return oldSize <= split
    ? [...subproof(left, oldSize, known), merkleRoot(right)]
    : [...subproof(right, oldSize - split, false), merkleRoot(left)];
}

/** The largest power of two smaller than `count`, which is at least 2. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** What a verifier of consistency holds: two sizes with their roots, and a proof that may come from a peer. */
export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Uint8Array;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the new tree continues the old one without changing a leaf. Never throws. An old size
 * of 0 is refused: it proves nothing.
 * @see RFC 9162 §2.1.4.2
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim;
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(newSize)) return false;
  if (oldSize < 1 || oldSize > newSize) return false;
  if (proof.some((hash) => hash.length !== MERKLE_HASH_BYTES)) return false;
  if (oldSize === newSize) return proof.length === 0 && isSameMerkleHash(oldRoot, newRoot);
  if (proof.length === 0) return false;

  let node = oldSize - 1;
  let last = newSize - 1;
  while (node % 2 === 1) {
    node = (node - 1) / 2;
    last = Math.floor(last / 2);
  }
  // Only where the old size is a power of two does the walk start at node 0: then the old root itself is the start.
  const path = node === 0 ? [oldRoot, ...proof] : proof;
  const roots = climb(path, node, last);
  return roots !== undefined && isSameMerkleHash(roots.oldRoot, oldRoot) && isSameMerkleHash(roots.newRoot, newRoot);
}

interface Roots {
  readonly oldRoot: Uint8Array;
  readonly newRoot: Uint8Array;
}

/** Steps 5 and 6 of the RFC. @returns both roots that follow from the path, or undefined if its length is wrong. */
function climb(path: readonly Uint8Array[], startNode: number, startLast: number): Roots | undefined {
  let node = startNode;
  let last = startLast;
  let oldRoot = path[0] as Uint8Array;
  let newRoot = oldRoot;
  for (const hash of path.slice(1)) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      oldRoot = merkleNodeHash(hash, oldRoot);
      newRoot = merkleNodeHash(hash, newRoot);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newRoot = merkleNodeHash(newRoot, hash);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? { oldRoot, newRoot } : undefined;
}
