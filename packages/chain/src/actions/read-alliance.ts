import type { Digest } from '@skein/core';
import type { Address } from 'viem';
import type { MemberBitmap } from '../bitmap.ts';
import type { Chain } from '../chain.ts';
import { digestFromBytes32, digestToBytes32 } from '../digest-bytes.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { read } from '../read.ts';
import { ALLIANCE_STATUSES, type AllianceStatus, JOIN_MODES, type JoinMode, nameAt } from '../statuses.ts';

/** What an alliance's creator fixed for good. Money in the token's smallest unit, times in seconds. */
export interface AllianceParams {
  readonly planDigest: Digest;
  readonly initialModel: Digest;
  /** Token of the pool. */
  readonly token: Address;
  readonly pool: bigint;
  /** Trainer bond that a member must have, in Staking's token; locked while it is a member. */
  readonly stake: bigint;
  readonly aggregatorStake: bigint;
  readonly rounds: number;
  readonly minMembers: number;
  /** At most 64. */
  readonly maxMembers: number;
  readonly joinMode: JoinMode;
  readonly candidateSeconds: number;
  readonly commitSeconds: number;
  readonly revealSeconds: number;
  /** A candidate is accepted up to this median change of loss, in millionths of a nat per token. */
  readonly toleranceMicroNats: number;
  /** Hundredths of a percent of a round's pay that go to evaluators. */
  readonly evaluatorFeeBps: number;
  /** Hundredths of a percent of `stake` lost by committing without revealing. */
  readonly unrevealedPenaltyBps: number;
}

/** An alliance as the chain knows it. */
export interface AllianceInfo {
  readonly id: bigint;
  readonly params: AllianceParams;
  readonly creator: Address;
  readonly status: AllianceStatus;
  readonly paused: boolean;
  /** Number of the last round that was opened; 0 before the first. */
  readonly round: number;
  /** Part of the pool that no round has paid out. */
  readonly remaining: bigint;
  /** Active members; empty once the alliance has ended. */
  readonly members: MemberBitmap;
  /** Members removed for a proved fault. */
  readonly removed: MemberBitmap;
  /** The model now: the last accepted candidate, or the initial one. */
  readonly model: Digest;
}

/** @returns undefined for an id that was never given out */
export async function readAlliance(chain: Chain, id: bigint): Promise<AllianceInfo | undefined> {
  const [params, state] = await read(chain, {
    address: chain.book.alliance,
    abi: allianceAbi,
    functionName: 'getAlliance',
    args: [id],
  });
  const status = nameAt(ALLIANCE_STATUSES, state.status);
  if (status === 'none') return undefined;
  return {
    id,
    params: {
      ...params,
      planDigest: digestFromBytes32(params.planDigest),
      initialModel: digestFromBytes32(params.initialModel),
      joinMode: nameAt(JOIN_MODES, params.joinMode),
      toleranceMicroNats: Number(params.toleranceMicroNats),
    },
    creator: state.creator,
    status,
    paused: state.paused,
    round: state.round,
    remaining: state.remaining,
    members: state.members,
    removed: state.removed,
    model: digestFromBytes32(state.model),
  };
}

/** The id of the alliance that a creator made for a plan. @returns undefined if there is none */
export async function findAlliance(chain: Chain, creator: Address, planDigest: Digest): Promise<bigint | undefined> {
  const id = await read(chain, {
    address: chain.book.alliance,
    abi: allianceAbi,
    functionName: 'allianceOf',
    args: [creator, digestToBytes32(planDigest)],
  });
  return id === 0n ? undefined : id;
}
