import { MERKLE_HASH_BYTES, merkleNodeHash } from './hash.ts';

/**
 * A node whose subtree is complete: it stands over the leaves index·2^level … (index+1)·2^level − 1, and no later
 * append changes it. A log that stores these (fewer than 2n for n leaves) needs no other to append and to prove.
 */
export interface MerkleNode {
  readonly level: number;
  readonly index: number;
}

export interface StoredMerkleNode extends MerkleNode {
  readonly hash: Uint8Array;
}

/** Leaves from `start` up to, not including, `end`, as RFC 9162's recursion splits them. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Complete nodes that together cover the range, from left to right: at most log₂ of its length.
 * `start` must be aligned as in a tree of the RFC: a multiple of the largest power of two up to the length.
 */
export function nodesOfRange({ start, end }: LeafRange): MerkleNode[] {
  const nodes: MerkleNode[] = [];
  for (let at = start; at < end; ) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** Hash over a range from the hashes of `nodesOfRange`, in its order. @throws RangeError of none. */
export function hashOfRange(hashes: readonly Uint8Array[]): Uint8Array {
  const last = hashes.at(-1);
  if (last === undefined) throw new RangeError('A range of no leaves has no hash');
  return hashes.slice(0, -1).reduceRight((right, left) => merkleNodeHash(left, right), last);
}

/** What to read before an append to a tree of `size` leaves: the left neighbours that become complete with it. */
export function nodesToAppend(size: number): MerkleNode[] {
  const nodes: MerkleNode[] = [];
  let index = size;
  for (let level = 0; index % 2 === 1; level++) {
    nodes.push({ level, index: index - 1 });
    index = (index - 1) / 2;
  }
  return nodes;
}

/**
 * The nodes that an append completes, the leaf first; on average two.
 * @param neighbours hashes of `nodesToAppend(size)`, in its order.
 */
export function appendedNodes(
  size: number,
  leafHash: Uint8Array,
  neighbours: readonly Uint8Array[],
): StoredMerkleNode[] {
  if (leafHash.length !== MERKLE_HASH_BYTES) throw new RangeError(`A leaf hash has 32 bytes, got ${leafHash.length}`);
  const nodes: StoredMerkleNode[] = [{ level: 0, index: size, hash: leafHash }];
  let hash = leafHash;
  for (const [level, left] of neighbours.entries()) {
    hash = merkleNodeHash(left, hash);
    nodes.push({ level: level + 1, index: Math.floor(size / 2 ** (level + 1)), hash });
  }
  return nodes;
}

/** Ranges whose hashes are the inclusion proof of a leaf, in order. @throws RangeError if there is no such leaf. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new RangeError(`No leaf ${index} in a tree of ${size}`);
  }
  const path = (start: number, end: number): LeafRange[] => {
    if (end - start === 1) return [];
    const split = start + splitOf(end - start);
    return index < split
      ? [...path(start, split), { start: split, end }]
      : [...path(split, end), { start, end: split }];
  };
  return path(0, size);
}

/** Ranges whose hashes are the consistency proof, in order. @throws RangeError unless 1 ≤ oldSize ≤ newSize. */
export function consistencyRanges(oldSize: number, newSize: number): LeafRange[] {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(newSize) || oldSize < 1 || oldSize > newSize) {
    throw new RangeError(`No consistency proof from ${oldSize} to ${newSize} leaves`);
  }
  const subproof = (start: number, end: number, known: boolean): LeafRange[] => {
    if (oldSize === end) return known ? [] : [{ start, end }];
    const split = start + splitOf(end - start);
    return oldSize <= split
      ? [...subproof(start, split, known), { start: split, end }]
      : [...subproof(split, end, false), { start, end: split }];
  };
  return subproof(0, newSize, true);
}

/** The largest power of two smaller than `count`, which is at least 2. */
function splitOf(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}
