import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../sha256.ts';
import { makeConsistencyProof, verifyConsistency } from './consistency.ts';
import { merkleLeafHash, merkleNodeHash, merkleRoot } from './hash.ts';
import { makeInclusionProof, verifyInclusion } from './inclusion.ts';

const leaves = (size: number): Uint8Array[] => Array.from({ length: size }, (_, i) => merkleLeafHash(Uint8Array.of(i)));

/** The definition in RFC 9162 §2.1.1, word for word. */
function rootByDefinition(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0] as Uint8Array;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return merkleNodeHash(rootByDefinition(hashes.slice(0, split)), rootByDefinition(hashes.slice(split)));
}

/** All copies of the hashes in which one bit, or the bit chosen in each hash, is the other way round. */
function flipOneBit(hashes: readonly Uint8Array[], bit: number): Uint8Array[][] {
  return hashes.map((_, at) => hashes.map((hash, i) => (i === at ? flip(hash, bit) : hash)));
}

function flip(hash: Uint8Array, bit: number): Uint8Array {
  return hash.map((byte, i) => (i === bit >>> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

describe('merkleRoot', () => {
  it('of no leaves is the hash of nothing', () => {
    expect(merkleRoot([])).toEqual(sha256(new Uint8Array()));
  });

  it.each(Array.from({ length: 40 }, (_, i) => i + 1))('of %d leaves is as RFC 9162 defines it', (size) => {
    expect(merkleRoot(leaves(size))).toEqual(rootByDefinition(leaves(size)));
  });
});

describe('proofs', () => {
  it('of every inclusion and consistency verify, up to 33 leaves', () => {
    for (let size = 1; size <= 33; size++) {
      const tree = leaves(size);
      const root = merkleRoot(tree);
      for (let index = 0; index < size; index++) {
        const claim = { leafHash: tree[index] as Uint8Array, index, size, root };
        expect(verifyInclusion({ ...claim, proof: makeInclusionProof(tree, index) })).toBe(true);
        const old = { oldSize: index + 1, newSize: size, oldRoot: merkleRoot(tree.slice(0, index + 1)), newRoot: root };
        expect(verifyConsistency({ ...old, proof: makeConsistencyProof(tree, index + 1) })).toBe(true);
      }
    }
  });

  const place = fc.integer({ min: 1, max: 200 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));

  it('of inclusion fail when any bit, the index or the length changes', () => {
    fc.assert(
      fc.property(place, fc.nat(255), fc.nat(199), ([size, index], bit, other) => {
        const tree = leaves(size);
        const proof = makeInclusionProof(tree, index);
        const claim = { leafHash: tree[index] as Uint8Array, index, size, root: merkleRoot(tree), proof };
        const wrong = [
          ...flipOneBit(proof, bit).map((changed) => ({ ...claim, proof: changed })),
          { ...claim, leafHash: flip(claim.leafHash, bit) },
          { ...claim, root: flip(claim.root, bit) },
          { ...claim, proof: [...proof, claim.root] },
          ...(proof.length > 0
            ? [
                { ...claim, proof: proof.slice(1) },
                { ...claim, proof: proof.slice(0, -1) },
              ]
            : []),
          ...(other === index ? [] : [{ ...claim, index: other }]),
        ];
        expect(wrong.filter(verifyInclusion)).toEqual([]);
      }),
    );
  });

  it('of consistency fail when any bit or the length changes', () => {
    fc.assert(
      fc.property(place, fc.nat(255), ([size, index], bit) => {
        const tree = leaves(size);
        const oldSize = index + 1;
        const proof = makeConsistencyProof(tree, oldSize);
        const roots = { oldRoot: merkleRoot(tree.slice(0, oldSize)), newRoot: merkleRoot(tree) };
        const claim = { oldSize, newSize: size, ...roots, proof };
        const wrong = [
          ...flipOneBit(proof, bit).map((changed) => ({ ...claim, proof: changed })),
          { ...claim, oldRoot: flip(roots.oldRoot, bit) },
          { ...claim, newRoot: flip(roots.newRoot, bit) },
          { ...claim, proof: [...proof, roots.newRoot] },
          ...(proof.length > 0
            ? [
                { ...claim, proof: proof.slice(1) },
                { ...claim, proof: proof.slice(0, -1) },
              ]
            : []),
        ];
        expect(wrong.filter(verifyConsistency)).toEqual([]);
      }),
    );
  });

  it('of a tree that changed an old leaf fail', () => {
    const tree = leaves(7);
    const changed = tree.with(2, merkleLeafHash(Uint8Array.of(99)));
    const claim = { oldSize: 5, newSize: 7, oldRoot: merkleRoot(tree.slice(0, 5)), newRoot: merkleRoot(changed) };
    expect(verifyConsistency({ ...claim, proof: makeConsistencyProof(changed, 5) })).toBe(false);
  });

  it('with more hashes than the size allows fail even if they lead to the root', () => {
    const [first, second] = leaves(2) as [Uint8Array, Uint8Array];
    const root = merkleNodeHash(first, second);
    expect(verifyInclusion({ leafHash: second, index: 0, size: 1, root, proof: [first] })).toBe(false);

    const tree = leaves(4);
    const claim = { oldSize: 3, newSize: 4, proof: [...makeConsistencyProof(tree, 3), first] };
    const oldRoot = merkleNodeHash(first, merkleRoot(tree.slice(0, 3)));
    const newRoot = merkleNodeHash(first, merkleRoot(tree));
    expect(verifyConsistency({ ...claim, oldRoot, newRoot })).toBe(false);
  });

  it('work for trees of more than 2^32 leaves', () => {
    // The last leaf of a tree of 2^40 + 1 was lifted to the top: its only sibling is the root of the others.
    const [first, second] = leaves(2) as [Uint8Array, Uint8Array];
    const claim = { leafHash: second, root: merkleNodeHash(first, second), proof: [first] };
    expect(verifyInclusion({ ...claim, index: 2 ** 40, size: 2 ** 40 + 1 })).toBe(true);
    expect(verifyInclusion({ ...claim, index: 2 ** 40 - 1, size: 2 ** 40 + 1 })).toBe(false);
    const grown = { oldRoot: first, newRoot: claim.root, oldSize: 2 ** 40, newSize: 2 ** 40 + 1, proof: [second] };
    expect(verifyConsistency(grown)).toBe(true);
  });

  it('are not made for leaves that are not there', () => {
    for (const index of [-1, 3, 0.5, Number.NaN])
      expect(() => makeInclusionProof(leaves(3), index)).toThrow(RangeError);
    for (const size of [0, 4, 1.5]) expect(() => makeConsistencyProof(leaves(3), size)).toThrow(RangeError);
  });
});
