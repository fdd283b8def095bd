import type { Digest } from '@skein/core';
import type { Address } from 'viem';
import type { MemberBitmap } from '../bitmap.ts';
import type { Chain } from '../chain.ts';
import { digestFromBytes32 } from '../digest-bytes.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { read } from '../read.ts';
import { nameAt, ROUND_STATUSES, type RoundStatus } from '../statuses.ts';

/** The sum and the model that an aggregator posted. */
export interface CandidateInfo {
  readonly aggregator: Address;
  readonly postedAt: number;
  readonly cohort: MemberBitmap;
  readonly survivors: MemberBitmap;
  readonly uploadsRoot: Digest;
  readonly sumDigest: Digest;
  readonly modelDigest: Digest;
}

/** A round as the chain knows it; times in seconds since 1970. */
export interface RoundInfo {
  readonly alliance: bigint;
  readonly round: number;
  /** `open` waits for a candidate; `voting` takes commitments, and from `deadline` on reveals; the rest is closed. */
  readonly status: RoundStatus;
  /** Goes up when a posted sum is refuted. */
  readonly attempt: number;
  readonly openedAt: number;
  /** First second at which it is too late for a candidate (`open`) or a commitment (`voting`). */
  readonly deadline: number;
  /** Who may evaluate: the members when the round was opened. */
  readonly members: MemberBitmap;
  /** Who needs not be waited for with a commitment: those who sent one, and those removed during the round. */
  readonly committed: MemberBitmap;
  readonly revealed: MemberBitmap;
  readonly candidate: CandidateInfo | undefined;
  /** Weighted lower median of the votes; 0 before the decision and without a quorum. */
  readonly lossChangeMicroNats: number;
  /** The model after the round; undefined while it is open. */
  readonly model: Digest | undefined;
}

/** @returns undefined for a round that was never opened */
export async function readRound(chain: Chain, alliance: bigint, round: number): Promise<RoundInfo | undefined> {
  const [state, candidate] = await read(chain, {
    address: chain.book.alliance,
    abi: allianceAbi,
    functionName: 'getRound',
    args: [alliance, round],
  });
  const status = nameAt(ROUND_STATUSES, state.status);
  if (status === 'none') return undefined;
  return {
    alliance,
    round,
    status,
    attempt: state.attempt,
    openedAt: Number(state.openedAt),
    deadline: state.deadline,
    members: state.members,
    committed: state.committed,
    revealed: state.revealed,
    candidate: candidate.postedAt === 0n ? undefined : toCandidate(candidate),
    lossChangeMicroNats: Number(state.lossChangeMicroNats),
    model: status === 'open' || status === 'voting' ? undefined : digestFromBytes32(state.model),
  };
}

type RawCandidate = {
  readonly [Key in keyof CandidateInfo]: Key extends 'postedAt'
    ? bigint
    : CandidateInfo[Key] extends Digest
      ? `0x${string}`
      : CandidateInfo[Key];
};

function toCandidate(raw: RawCandidate): CandidateInfo {
  return {
    ...raw,
    postedAt: Number(raw.postedAt),
    uploadsRoot: digestFromBytes32(raw.uploadsRoot),
    sumDigest: digestFromBytes32(raw.sumDigest),
    modelDigest: digestFromBytes32(raw.modelDigest),
  };
}
