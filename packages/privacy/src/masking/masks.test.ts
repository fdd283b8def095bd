import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../hex.ts';
import { nodeCrypto } from '../node/node-crypto.ts';
import { PIECE_ELEMENTS } from '../limits.ts';
import { receiveShares } from '../member.ts';
import { unpackBits } from '../encoding/pack.ts';
import { shareRound, uploadOf, uploadRound } from '../testing/round.ts';
import { createMaskRun, piecesOf } from './apply-masks.ts';
import { pairKey, pairMask, type PairSide, selfMask } from './mask-keys.ts';

const context = { alliance: 'a', round: 1, attempt: 0 };
const secrets = ['11'.repeat(32), '22'.repeat(32)] as const;
const publics = secrets.map((secret) => toHex(nodeCrypto.x25519PublicKey(fromHex(secret))));
const sideA: PairSide = { context, self: '0xa', peer: '0xb', maskSecret: secrets[0], peerPublic: publics[1]! };
const sideB: PairSide = { context, self: '0xb', peer: '0xa', maskSecret: secrets[1], peerPublic: publics[0]! };

/** `length` coordinates of a mask on zeros. */
function expand(key: Uint8Array, length: number, sign: 1 | -1 = 1): Uint32Array {
  const vector = new Uint32Array(length);
  const run = createMaskRun(nodeCrypto, [{ key, sign }]);
  for (const piece of piecesOf(vector)) run.apply(piece);
  return vector;
}

describe('masks', () => {
  it('of a pair cancel out', () => {
    const [a, b] = [pairMask(nodeCrypto, sideA), pairMask(nodeCrypto, sideB)];
    expect(a.key).toEqual(b.key);
    expect([a.sign, b.sign]).toEqual([1, -1]);
    const vector = new Uint32Array(PIECE_ELEMENTS + 5);
    const run = createMaskRun(nodeCrypto, [a, b, a, b]);
    for (const piece of piecesOf(vector)) run.apply(piece);
    expect(vector.every((value) => value === 0)).toBe(true);
    expect(expand(a.key, 9).some((value) => value !== 0)).toBe(true);
  });

  it('change with alliance, round, attempt, pair and purpose', () => {
    const wanted = { purpose: 'pair-mask', byteCount: 32 } as const;
    const keys = [
      pairKey(nodeCrypto, sideA, wanted),
      pairKey(nodeCrypto, sideA, { ...wanted, purpose: 'check-mask' }),
      pairKey(nodeCrypto, { ...sideA, context: { ...context, round: 2 } }, wanted),
      pairKey(nodeCrypto, { ...sideA, context: { ...context, attempt: 1 } }, wanted),
      pairKey(nodeCrypto, { ...sideA, context: { ...context, alliance: 'b' } }, wanted),
      pairKey(nodeCrypto, { ...sideA, peer: '0xc' }, wanted),
      selfMask(nodeCrypto, context, '0xa', secrets[0]).key,
      selfMask(nodeCrypto, context, '0xb', secrets[0]).key,
    ];
    expect(new Set(keys.map(toHex)).size).toBe(keys.length);
  });

  it('depend on every byte of the 32-byte key (Flower folds it into 32 bits)', () => {
    const key = pairMask(nodeCrypto, sideA).key;
    const whole = expand(key, 8).join();
    const masks = new Set([whole]);
    for (let index = 0; index < 32; index++) {
      const altered = key.slice();
      altered[index]! ^= 1;
      masks.add(expand(altered, 8).join());
    }
    // Two words changed alike: an exclusive or of words would not notice.
    const folded = key.slice();
    folded[0]! ^= 1;
    folded[4]! ^= 1;
    masks.add(expand(folded, 8).join());
    expect(masks.size).toBe(34);
  });

  it('reach every value of b bits, the top one included, evenly (Flower never draws the top)', () => {
    const bits = 8;
    const counts = new Uint32Array(2 ** bits);
    const draws = 1 << 18;
    for (const value of expand(pairMask(nodeCrypto, sideA).key, draws)) counts[value & (2 ** bits - 1)]! += 1;
    const expected = draws / counts.length;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: mean 255, standard deviation 22.6; the stream is fixed, so this can't flicker.
    expect(chiSquare).toBeGreaterThan(160);
    expect(chiSquare).toBeLessThan(350);
    expect(counts.at(-1)).toBeGreaterThan(0);
  });

  it('give equal tensors in one update different masks (in DISCO they are the same)', async () => {
    const tensor = 500;
    const { members, uploads } = await uploadRound({
      members: 3,
      values: Array.from({ length: 3 }, () => new Uint16Array(2 * tensor).fill(9)),
    });
    const upload = unpackBits(uploads.get(members[0]!.self)!, 18, 2 * tensor);
    const repeats = upload.subarray(0, tensor).filter((value, i) => value === upload[tensor + i]).length;
    // By chance 500 / 2^18.
    expect(repeats).toBeLessThan(3);
  });

  it('cover the weight: the number of examples never stands in clear beside the values', async () => {
    const examples = 321;
    const uploads = new Set<number>();
    for (let round = 1; round <= 5; round++) {
      const values = Array.from({ length: 3 }, () => Uint16Array.of(7, 7, examples));
      const run = await uploadRound({ members: 3, values, round });
      for (const upload of run.uploads.values()) uploads.add(unpackBits(upload, 18, 3)[2]!);
    }
    expect(uploads.size).toBeGreaterThan(13);
    expect(uploads.has(examples)).toBe(false);
  });
});

describe('maskedUpload', () => {
  it('gives the same bytes again from a stored state, in pieces of whole words', async () => {
    const { members, messages } = await shareRound({ members: 3, values: [] });
    const { state } = receiveShares(nodeCrypto, members[0]!, messages);
    const values = new Uint16Array(PIECE_ELEMENTS + 100).fill(3);
    const upload = uploadOf(state, values, 18);
    expect(upload).toEqual(uploadOf(JSON.parse(JSON.stringify(state)), values, 18));
    expect(upload.length).toBe(Math.ceil(((PIECE_ELEMENTS + 100) * 18) / 8));
  });

  it('refuses sharers without keys or without oneself', async () => {
    const { members, messages } = await shareRound({ members: 3, values: [] });
    const { state } = receiveShares(nodeCrypto, members[0]!, messages);
    const received = { ...state.received!, sharers: ['0xdead', state.self] };
    expect(() => uploadOf({ ...state, received }, new Uint16Array(1), 18)).toThrow('0xdead has no keys');
    expect(() => uploadOf({ ...state, received: { ...received, sharers: [] } }, new Uint16Array(1), 18)).toThrow(
      'is not among',
    );
  });
});
