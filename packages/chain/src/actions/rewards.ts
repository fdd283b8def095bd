import type { Digest } from '@skein/core';
import { type Address, type Hex, zeroHash } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { digestToBytes32 } from '../digest-bytes.ts';
import { type ContractCall, ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { rewardsAbi } from '../generated/rewards-abi.ts';
import { read } from '../read.ts';
import { approve } from './approve.ts';

/** The roots of cumulative rewards, as they are now. */
export interface RewardRoots {
  /** In effect; zeros before the first. */
  readonly active: Hex;
  /** Proposed, and in effect from `activeAt` (seconds since 1970) unless it is vetoed. */
  readonly pending: { readonly root: Hex; readonly activeAt: number } | null;
}

export async function readRewardRoots(chain: Chain): Promise<RewardRoots> {
  const [active, [root, activeAt]] = await Promise.all([
    read(chain, { ...rewardsOf(chain), functionName: 'activeRoot', args: [] }),
    read(chain, { ...rewardsOf(chain), functionName: 'pendingRoot', args: [] }),
  ]);
  return { active, pending: root === zeroHash ? null : { root, activeAt: Number(activeAt) } };
}

/** What an account has claimed since the beginning, in the token's smallest unit. */
export function claimedRewards(chain: Chain, account: Address): Promise<bigint> {
  return read(chain, { ...rewardsOf(chain), functionName: 'claimed', args: [account] });
}

/** Pays `amount` in for later claims; each call pays again. */
export async function fundRewards(
  chain: Chain,
  { amount, signal }: { readonly amount: bigint } & SendOptions,
): Promise<Outcome> {
  await approve(chain, { token: chain.book.token, spender: chain.book.rewards, amount, signal });
  // Nothing tells a second payment from a repeated first one.
  const isDone = () => Promise.resolve(false);
  return ensure(chain, { isDone, call: () => callOf(chain, 'fund', [amount]), signal });
}

/** A root to be proposed. */
export interface RewardProposal {
  /** The root in effect that the new one was computed from. */
  readonly expected: Hex;
  /** Over leaves keccak256(keccak256(abi.encode(account, total))), pairs sorted. */
  readonly root: Hex;
  /** Of the published leaves, so that anybody can recompute the root. */
  readonly leaves: Digest;
}

/**
 * Proposes a root, which takes effect after the contract's delay (publisher).
 * @throws BaseError as `ensure`; `chain/unexpected-root`, `chain/root-pending`, `chain/not-authorized`
 */
export function proposeRewards(
  chain: Chain,
  { expected, root, leaves, signal }: RewardProposal & SendOptions,
): Promise<Outcome> {
  const isDone = async () => {
    const { active, pending } = await readRewardRoots(chain);
    return active === root || pending?.root === root;
  };
  return ensure(chain, {
    isDone,
    call: () => callOf(chain, 'propose', [expected, root, digestToBytes32(leaves)]),
    signal,
  });
}

/** Discards the proposed root before it takes effect. @throws BaseError as `ensure`; `chain/not-authorized` */
export function vetoRewards(chain: Chain, { signal }: SendOptions = {}): Promise<Outcome> {
  const isDone = async () => (await readRewardRoots(chain)).pending === null;
  return ensure(chain, { isDone, call: () => callOf(chain, 'veto', []), signal });
}

/** One account's leaf under the root in effect. */
export interface RewardClaim {
  /** By default the sender. Anybody may send a claim; the money goes to the account. */
  readonly account?: Address | undefined;
  /** All that it has earned since the beginning. */
  readonly total: bigint;
  readonly root: Hex;
  readonly proof: readonly Hex[];
}

/**
 * Pays an account what it has not claimed yet.
 * @throws BaseError as `ensure`; `chain/bad-proof`, `chain/unexpected-root`
 */
export function claimRewards(
  chain: Chain,
  { account, total, root, proof, signal }: RewardClaim & SendOptions,
): Promise<Outcome> {
  const claimant = account ?? senderOf(chain).address;
  const isDone = async () => (await claimedRewards(chain, claimant)) >= total;
  return ensure(chain, { isDone, call: () => callOf(chain, 'claim', [claimant, total, root, proof]), signal });
}

function rewardsOf({ book }: Chain) {
  return { address: book.rewards, abi: rewardsAbi } as const;
}

function callOf(chain: Chain, functionName: string, args: readonly unknown[]): ContractCall {
  return { ...rewardsOf(chain), functionName, args };
}
