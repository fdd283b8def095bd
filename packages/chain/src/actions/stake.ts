import type { Address } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import { stakingAbi } from '../generated/staking-abi.ts';
import { read } from '../read.ts';
import { STAKING_ROLES, type StakingRole } from '../statuses.ts';
import { delegate } from './delegate.ts';

/** An operator's bond for a role, in the token's smallest unit. */
export interface BondInfo {
  /** All that is active behind it, delegations included. */
  readonly total: bigint;
  /** The operator's own part. */
  readonly own: bigint;
  /** Of the own part, what alliances hold until the operator leaves. */
  readonly locked: bigint;
}

export async function readBond(chain: Chain, operator: Address, role: StakingRole): Promise<BondInfo> {
  const args = [operator, STAKING_ROLES.indexOf(role)] as const;
  const ask = (functionName: 'bondOf' | 'ownStakeOf' | 'locked') =>
    read(chain, { address: chain.book.staking, abi: stakingAbi, functionName, args });
  const [total, own, locked] = await Promise.all([ask('bondOf'), ask('ownStakeOf'), ask('locked')]);
  return { total, own, locked };
}

/**
 * Brings the account's own stake for a role up to `amount`; approves Staking first where that is needed.
 * @throws BaseError as `ensure`; `chain/erc20-insufficient-balance`
 */
export function stake(
  chain: Chain,
  { role, amount, signal }: { readonly role: StakingRole; readonly amount: bigint } & SendOptions,
): Promise<Outcome> {
  // As in the contract: one's own part is what one delegates to oneself.
  return delegate(chain, { operator: senderOf(chain).address, role, amount, signal });
}
