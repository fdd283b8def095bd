import type { Address } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { stakingAbi } from '../generated/staking-abi.ts';
import { read } from '../read.ts';
import { STAKING_ROLES, type StakingRole } from '../statuses.ts';
import { approve } from './approve.ts';

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
export async function stake(
  chain: Chain,
  { role, amount, signal }: { readonly role: StakingRole; readonly amount: bigint } & SendOptions,
): Promise<Outcome> {
  const operator = senderOf(chain).address;
  const missing = async () => amount - (await readBond(chain, operator, role)).own;
  const atFirst = await missing();
  if (atFirst <= 0n) return { status: 'already' };
  await approve(chain, { token: chain.book.token, spender: chain.book.staking, amount: atFirst, signal });
  return ensure(chain, {
    isDone: async () => (await missing()) <= 0n,
    call: async () => ({
      address: chain.book.staking,
      abi: stakingAbi,
      functionName: 'stake',
      args: [STAKING_ROLES.indexOf(role), await missing()],
    }),
    signal,
  });
}
