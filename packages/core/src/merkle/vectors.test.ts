import { describe, expect, it } from 'vitest';
import vectors from '../../../../test/vectors/merkle/proofs.json' with { type: 'json' };
import { verifyConsistency } from './consistency.ts';
import { verifyInclusion } from './inclusion.ts';

interface Case {
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
  readonly desc: string;
}

type InclusionCase = Case & { readonly leafIdx: number; treeSize: number; root: string; leafHash: string };
type ConsistencyCase = Case & { readonly size1: number; size2: number; root1: string; root2: string };

const cases = Object.entries(vectors.cases) as unknown as [string, InclusionCase | ConsistencyCase][];
const inclusions = cases.filter((entry): entry is [string, InclusionCase] => 'leafIdx' in entry[1]);
const consistencies = cases.filter((entry): entry is [string, ConsistencyCase] => 'size1' in entry[1]);

const decode = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const decodeAll = (proof: readonly string[] | null): Uint8Array[] => (proof ?? []).map(decode);

describe('vectors of transparency-dev/merkle', () => {
  it('are all there, valid and invalid of both kinds', () => {
    const valid = (list: readonly [string, Case][]): number => list.filter(([, { wantErr }]) => !wantErr).length;
    expect([inclusions.length, valid(inclusions)]).toEqual([65, 4]);
    expect([consistencies.length, valid(consistencies)]).toEqual([57, 4]);
  });

  it.each(inclusions)('%s', (_, { leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
    const claim = { index: leafIdx, size: treeSize, root: decode(root), leafHash: decode(leafHash) };
    expect(verifyInclusion({ ...claim, proof: decodeAll(proof) })).toBe(!wantErr);
  });

  it.each(consistencies)('%s', (_, { size1, size2, root1, root2, proof, wantErr }) => {
    const claim = { oldSize: size1, newSize: size2, oldRoot: decode(root1), newRoot: decode(root2) };
    expect(verifyConsistency({ ...claim, proof: decodeAll(proof) })).toBe(!wantErr);
  });
});
