import type { Digest } from '@skein/core';
import type { Hex } from 'viem';
import type { MemberBitmap } from '../bitmap.ts';
import type { Chain } from '../chain.ts';
import { digestToBytes32 } from '../digest-bytes.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import { ensureAlliance } from './alliance-call.ts';
import { readRound } from './read-round.ts';

export interface CandidatePost {
  readonly cohort: MemberBitmap;
  readonly survivors: MemberBitmap;
  readonly uploadsRoot: Digest;
  readonly sumDigest: Digest;
  readonly modelDigest: Digest;
}

/**
 * Posts the sum and the model made of it; the account needs the plan's aggregator bond. The first valid post of an
 * attempt counts: after `already`, `readRound` tells whose it was.
 * @param signatures by survivors, on one `round/survivors/1` message each: more than (n + ⌊n/3⌋)/2 for a cohort of n, and
 * of every survivor where n ≤ 5; in any order, no one twice
 */
export function postCandidate(
  chain: Chain,
  input: {
    readonly alliance: bigint;
    readonly round: number;
    readonly attempt: number;
    readonly candidate: CandidatePost;
    readonly signatures: readonly Hex[];
  } & SendOptions,
): Promise<Outcome> {
  const { alliance, round, attempt, candidate, signatures, signal } = input;
  const post = {
    ...candidate,
    uploadsRoot: digestToBytes32(candidate.uploadsRoot),
    sumDigest: digestToBytes32(candidate.sumDigest),
    modelDigest: digestToBytes32(candidate.modelDigest),
  };
  const isDone = async () => {
    const state = await readRound(chain, alliance, round);
    return state !== undefined && (state.attempt > attempt || state.status !== 'open');
  };
  return ensureAlliance(chain, {
    functionName: 'postCandidate',
    args: [alliance, round, post, signatures],
    isDone,
    signal,
  });
}

/**
 * Has a posted sum struck out which the survivors' replay contradicts; its aggregator is slashed and another candidate
 * awaited. Anybody may hand in the signatures.
 * @param signatures of more than two thirds of the survivors, on one `round/replay/1` message
 */
export function refuteSum(
  chain: Chain,
  input: {
    readonly alliance: bigint;
    readonly round: number;
    readonly attempt: number;
    readonly replayDigest: Digest;
    readonly signatures: readonly Hex[];
  } & SendOptions,
): Promise<Outcome> {
  const { alliance, round, attempt, replayDigest, signatures, signal } = input;
  const isDone = async () => ((await readRound(chain, alliance, round))?.attempt ?? 0) > attempt;
  const args = [alliance, round, digestToBytes32(replayDigest), signatures];
  return ensureAlliance(chain, { functionName: 'refuteSum', args, isDone, signal });
}
