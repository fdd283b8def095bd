import { describe, expect, it } from 'vitest';
import { makeConsistencyProof } from './consistency.ts';
import { merkleLeafHash, merkleRoot } from './hash.ts';
import { makeInclusionProof } from './inclusion.ts';
import {
  appendedNodes,
  consistencyRanges,
  hashOfRange,
  inclusionRanges,
  type LeafRange,
  type MerkleNode,
  nodesOfRange,
  nodesToAppend,
} from './stored-tree.ts';

const leaves = Array.from({ length: 70 }, (_, index) => merkleLeafHash(Uint8Array.of(index)));
const nodes = new Map<string, Uint8Array>();
const read = ({ level, index }: MerkleNode): Uint8Array => {
  const hash = nodes.get(`${level}/${index}`);
  if (hash === undefined) throw new Error(`node ${level}/${index} was never stored`);
  return hash;
};
for (const [size, leaf] of leaves.entries()) {
  for (const node of appendedNodes(size, leaf, nodesToAppend(size).map(read))) {
    if (nodes.has(`${node.level}/${node.index}`)) throw new Error('a node was stored twice');
    nodes.set(`${node.level}/${node.index}`, node.hash);
  }
}
const hashOf = (range: LeafRange): Uint8Array => hashOfRange(nodesOfRange(range).map(read));

describe('a tree in stored nodes', () => {
  it('stores fewer than two nodes a leaf', () => {
    expect(nodes.size).toBeLessThan(2 * leaves.length);
  });

  it('has the roots and proofs of the tree computed whole, at every size', () => {
    for (let size = 1; size <= leaves.length; size++) {
      const tree = leaves.slice(0, size);
      expect(hashOf({ start: 0, end: size })).toEqual(merkleRoot(tree));
      for (let index = 0; index < size; index++) {
        expect(inclusionRanges(index, size).map(hashOf)).toEqual(makeInclusionProof(tree, index));
        expect(consistencyRanges(index + 1, size).map(hashOf)).toEqual(makeConsistencyProof(tree, index + 1));
      }
    }
  });

  it('refuses what is not there', () => {
    for (const [index, size] of [
      [-1, 3],
      [3, 3],
      [0.5, 3],
      [0, Number.NaN],
    ] as const) {
      expect(() => inclusionRanges(index, size)).toThrow(RangeError);
    }
    for (const [from, to] of [
      [0, 3],
      [4, 3],
    ] as const)
      expect(() => consistencyRanges(from, to)).toThrow(RangeError);
    expect(() => hashOfRange([])).toThrow(RangeError);
  });
});
