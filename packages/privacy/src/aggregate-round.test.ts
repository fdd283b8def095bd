import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainSum, runRound } from './testing/round.ts';

/** Values that look random and differ from member to member. */
const vectors = (members: number, length: number, seed: number): Uint16Array[] => {
  const vector = (member: number) =>
    Uint16Array.from({ length }, (_, i) => Math.imul(seed + member * 7919 + i * 104729, 2654435761) >>> 9);
  return Array.from({ length: members }, (_, index) => vector(index));
};

describe('a round of secure aggregation', () => {
  it('sums exactly, whoever leaves before shares, upload and unmasking', async () => {
    const script = fc.integer({ min: 3, max: 14 }).chain((members) =>
      fc.record({
        members: fc.constant(members),
        order: fc.shuffledSubarray([...Array(members).keys()], { minLength: members }),
        leave: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
        length: fc.integer({ min: 1, max: 200 }),
        seed: fc.nat(),
      }),
    );
    let unmasked = 0;
    await fc.assert(
      fc.asyncProperty(script, async ({ members, order, leave, length, seed }) => {
        const [shares = 0, upload = 0, unmask = 0] = leave;
        const survivors = members - shares - upload;
        const quorum = Math.floor((members + Math.floor(members / 3)) / 2) + 1;
        fc.pre(survivors >= Math.max(3, quorum) && survivors - unmask > members / 2);
        const { round, result } = await runRound({
          members,
          values: vectors(members, length, seed),
          beforeShares: order.slice(0, shares),
          beforeUpload: order.slice(shares, shares + upload),
          beforeUnmask: order.slice(shares + upload, shares + upload + unmask),
        });
        expect(result.faults).toEqual([]);
        expect(result.ok && result.sum).toEqual(plainSum(round));
        expect(round.uploads.size).toBe(survivors);
        unmasked += 1;
      }),
      { numRuns: 25 },
    );
    expect(unmasked).toBe(25);
  });

  it('sums more than one piece, all values at the top of their range', async () => {
    const values = Array.from({ length: 4 }, () => new Uint16Array((1 << 16) + 3).fill(65535));
    const { round, result } = await runRound({ members: 4, values, beforeUpload: [2] });
    expect(result.ok && result.sum).toEqual(plainSum(round));
    expect(result.ok && result.sum.every((value) => value === 3 * 65535)).toBe(true);
  });

  it('sums over a complete graph of 64', async () => {
    const { round, result } = await runRound({
      members: 64,
      values: vectors(64, 50, 5),
      beforeShares: [3],
      beforeUpload: [0, 17, 40, 63, 9, 10, 11, 12, 13, 14],
      beforeUnmask: [1, 2],
    });
    expect(result.ok && result.sum).toEqual(plainSum(round));
  });
});
