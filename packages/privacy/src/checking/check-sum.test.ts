import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { rootsOf, survivorStatementOf } from '../aggregator.ts';
import { packBits } from '../encoding/pack.ts';
import { uploadRoot } from '../masking/upload-root.ts';
import { checkPlanOf, memberView, replyToUnmask } from '../member.ts';
import { nodeCrypto } from '../node/node-crypto.ts';
import { plainSum, runRound, type UploadedRoundState } from '../testing/round.ts';
import { verify } from '../testing/signatures.ts';
import type { OpenedSecrets } from '../unmasking/recover-secrets.ts';
import { CHECK_PRIME, challengeDigest, innerProducts } from './challenge.ts';
import { type CheckScalars, checkScalars, checkScalarsSchema, checkSum } from './check-scalars.ts';
import { replaySum } from './replay.ts';

const MEMBERS = 6;
const LENGTH = 300;
let round: UploadedRoundState;
let sum: Uint32Array;
let opened: OpenedSecrets;

beforeAll(async () => {
  const values = Array.from({ length: MEMBERS }, (_, member) =>
    Uint16Array.from({ length: LENGTH }, (_unused, i) => Math.imul(member * 31 + i, 2654435761) >>> 12),
  );
  const run = await runRound({ members: MEMBERS, values, beforeUpload: [4] });
  if (!run.result.ok) throw new Error('the round failed');
  ({ round } = run);
  ({ sum, opened } = run.result);
});

/** The whole check of a posted sum, honest members answering. */
function check(posted: Uint32Array, tamper?: (answers: Record<string, CheckScalars>) => void) {
  const { context, bits } = round.aggregator;
  const statement = survivorStatementOf(nodeCrypto, round.aggregator);
  const sumRoot = uploadRoot(nodeCrypto, packBits(posted, bits));
  const challenge = challengeDigest(nodeCrypto, { context, statement, sumRoot });
  const plan = { challenge, survivors: Object.keys(rootsOf(round.aggregator)) };
  const answers = Object.fromEntries(
    round.members.map((member) => [
      member.self,
      checkScalars(nodeCrypto, memberView(member), round.values.get(member.self)!, plan),
    ]),
  );
  tamper?.(answers);
  return { verdict: checkSum(nodeCrypto, plan, answers, { sum: posted, bits }), answers };
}

describe('the check of the sum', () => {
  it('passes the right sum', () => {
    expect(sum).toEqual(plainSum(round));
    const { verdict, answers } = check(sum);
    expect(verdict).toBe('passed');
    for (const answer of Object.values(answers)) expect(checkScalarsSchema.parse(answer)).toEqual(answer);
  });

  it('fails a sum that is off by one anywhere, or lacks a member', () => {
    for (const index of [0, 7, LENGTH - 1]) {
      const wrong = sum.slice();
      wrong[index]! += 1;
      expect(check(wrong).verdict).toBe('failed');
    }
    const left = round.members.slice(1).map(({ self }) => self);
    expect(check(plainSum(round, left)).verdict).toBe('failed');
  });

  it('is incomplete while someone has not answered this challenge', () => {
    const first = round.members[0]!.self;
    expect(check(sum, (answers) => delete answers[first]).verdict).toBe('incomplete');
    const stale = check(sum, (answers) => {
      answers[first] = { ...answers[first]!, challenge: `sha256:${'0'.repeat(64)}` };
    });
    expect(stale.verdict).toBe('incomplete');
  });

  it('fails on one wrong number, so that it names nobody', () => {
    const { verdict } = check(sum, (answers) => (answers[round.members[2]!.self]!.scalars[3]! += 1));
    expect(verdict).toBe('failed');
  });

  it('is answered among the survivors of the request that was answered, and not before', () => {
    const { context, bits } = round.aggregator;
    const sumRoot = uploadRoot(nodeCrypto, packBits(sum, bits));
    const member = round.members[0]!;
    expect(checkPlanOf(nodeCrypto, member, sumRoot)).toBeUndefined();
    const reply = replyToUnmask(nodeCrypto, member, round.request, verify);
    const statement = survivorStatementOf(nodeCrypto, round.aggregator);
    expect(reply.ok && checkPlanOf(nodeCrypto, reply.state, sumRoot)).toEqual({
      challenge: challengeDigest(nodeCrypto, { context, statement, sumRoot }),
      survivors: Object.keys(round.request.survivors),
    });
  });

  it('hides the inner products, with other masks for another challenge', () => {
    const other = sum.slice();
    other[0]! += 1;
    const member = round.members[0]!;
    const scalarsOf = (posted: Uint32Array) => check(posted).answers[member.self]!;
    const masks = [sum, other].map((posted) => {
      const { scalars, challenge } = scalarsOf(posted);
      const bare = innerProducts(nodeCrypto, challenge as never, round.values.get(member.self)!, 16);
      return scalars.map((scalar, index) => (scalar - bare[index]! + CHECK_PRIME) % CHECK_PRIME);
    });
    expect(masks.flat().every((mask) => mask !== 0)).toBe(true);
    expect(new Set(masks.flat()).size).toBe(16);
  });

  it('can be passed by a wrong sum where a member helps, which the replay then convicts', async () => {
    const wrong = sum.slice();
    wrong[5]! += 1000;
    const helper = round.members[1]!.self;
    const { bits } = round.aggregator;
    const { verdict } = check(wrong, (answers) => {
      // It posts last and makes up the difference.
      const { challenge } = answers[helper]!;
      const wanted = innerProducts(nodeCrypto, challenge as never, wrong, bits);
      for (const [index, target] of wanted.entries()) {
        const total = Object.values(answers).reduce((all, { scalars }) => all + scalars[index]!, 0) % CHECK_PRIME;
        const { scalars } = answers[helper]!;
        scalars[index] = (scalars[index]! + target - total + CHECK_PRIME) % CHECK_PRIME;
      }
    });
    expect(verdict).toBe('passed');
    expect(await replay({ sumRoot: uploadRoot(nodeCrypto, packBits(wrong, bits)) })).toMatchObject({
      ok: false,
      fault: { kind: 'wrong-sum', culprit: 'the-aggregator' },
    });
  });
});

describe('innerProducts', () => {
  it('agrees with whole-number arithmetic for 16 to 30 bits', () => {
    const challenge = challengeDigest(nodeCrypto, {
      context: round.aggregator.context,
      statement: survivorStatementOf(nodeCrypto, round.aggregator),
      sumRoot: uploadRoot(nodeCrypto, new Uint8Array()),
    });
    const length = 3000;
    // The vectors themselves, read by unit vectors.
    const unit = (at: number) => Uint16Array.from({ length }, (_, i) => Number(i === at));
    const vectors = Array.from({ length }, (_, at) => innerProducts(nodeCrypto, challenge, unit(at), 16));
    expect(new Set(vectors.flat()).size).toBeGreaterThan(length);
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 30 }), fc.nat(), (bits, seed) => {
        const top = 2 ** bits - 1;
        const values = Uint32Array.from({ length }, (_, i) => (i % 3 === 0 ? top : Math.imul(seed + i, 40503) & top));
        const expected = Array.from({ length: 8 }, (_, j) =>
          Number(vectors.reduce((all, row, i) => all + BigInt(row[j]!) * BigInt(values[i]!), 0n) % BigInt(CHECK_PRIME)),
        );
        expect(innerProducts(nodeCrypto, challenge, values, bits)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
    expect(() => innerProducts(nodeCrypto, challenge, unit(0), 31)).toThrow(RangeError);
  });
});

/** A replay of the round with something changed. */
function replay(change: Partial<Parameters<typeof replaySum>[1]> = {}) {
  const { shared, survivors: _, ...state } = round.aggregator;
  return replaySum(nodeCrypto, {
    ...state,
    sharers: shared!.sharers,
    roots: rootsOf(round.aggregator),
    opened,
    sumRoot: uploadRoot(nodeCrypto, packBits(sum, state.bits)),
    aggregator: 'the-aggregator',
    readUpload: (id) => Promise.resolve(round.uploads.get(id)),
    ...change,
  });
}

describe('the replay', () => {
  it('gives the posted sum again', async () => {
    const result = await replay();
    expect(result.ok && result.sum).toEqual(plainSum(round));
  });

  it('convicts the aggregator of secrets that were not committed to, of either kind', async () => {
    const survivor = round.members[0]!.self;
    const [dropout] = round.request.dropouts as [string];
    for (const wrong of [
      { ...opened, selfSeeds: { ...opened.selfSeeds, [survivor]: '00'.repeat(32) } },
      { ...opened, maskSecrets: { [dropout]: '01'.repeat(32) } },
      { ...opened, maskSecrets: {} },
    ]) {
      expect(await replay({ opened: wrong })).toMatchObject({
        ok: false,
        fault: { kind: 'wrong-secret', culprit: 'the-aggregator' },
      });
    }
  });

  it('blames nobody for uploads that are gone or altered', async () => {
    const gone = await replay({ readUpload: () => Promise.resolve(undefined) });
    expect(!gone.ok && gone.fault).toMatchObject({ kind: 'missing-upload' });
    const altered = await replay({ readUpload: () => Promise.resolve(new Uint8Array(9)) });
    expect(!altered.ok && altered.fault).toMatchObject({ kind: 'altered-upload' });
    expect(!altered.ok && altered.fault.culprit).toBeUndefined();
  });

  it('lets others run after each upload and each piece, and stops in between when asked to', async () => {
    let turns = 0;
    const yieldToEventLoop = () => {
      turns += 1;
      return Promise.resolve();
    };
    // Five uploads, one piece.
    expect((await replay({ yieldToEventLoop })).ok).toBe(true);
    expect(turns).toBe(6);
    const later = new AbortController();
    turns = 0;
    const abortAtThird = () => {
      turns += 1;
      if (turns === 3) later.abort();
      return Promise.resolve();
    };
    await expect(replay({ yieldToEventLoop: abortAtThird, signal: later.signal })).rejects.toThrow('aborted');
    expect(turns).toBe(3);
    await expect(replay({ signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});
