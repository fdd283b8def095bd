import type { Address } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { stakingAbi } from '../generated/staking-abi.ts';
import { read } from '../read.ts';
import { STAKING_ROLES, type StakingRole } from '../statuses.ts';
import { approve } from './approve.ts';

/** A bond that somebody shares in. */
export interface Delegation {
  /** Whose bond it is. */
  readonly operator: Address;
  readonly role: StakingRole;
}

/** What a delegator's part of an operator's bond is worth now, slashes and rewards included; smallest unit. */
export function readDelegation(
  chain: Chain,
  { operator, role, delegator }: Delegation & { readonly delegator: Address },
): Promise<bigint> {
  const args = [operator, STAKING_ROLES.indexOf(role), delegator] as const;
  return read(chain, { address: chain.book.staking, abi: stakingAbi, functionName: 'delegationOf', args });
}

/**
 * Brings the account's part of an operator's bond up to `amount`; it shares the bond's fortune from then on.
 * @throws BaseError as `ensure`; `chain/erc20-insufficient-balance`
 */
export async function delegate(
  chain: Chain,
  { operator, role, amount, signal }: Delegation & { readonly amount: bigint } & SendOptions,
): Promise<Outcome> {
  const delegator = senderOf(chain).address;
  const missing = async () => amount - (await readDelegation(chain, { operator, role, delegator }));
  const atFirst = await missing();
  if (atFirst <= 0n) return { status: 'already' };
  await approve(chain, { token: chain.book.token, spender: chain.book.staking, amount: atFirst, signal });
  return ensure(chain, {
    isDone: async () => (await missing()) <= 0n,
    call: async () => ({
      address: chain.book.staking,
      abi: stakingAbi,
      functionName: 'delegate',
      args: [operator, STAKING_ROLES.indexOf(role), await missing()],
    }),
    signal,
  });
}

/**
 * Brings the account's part of an operator's bond down to `remaining`; the rest can be withdrawn after the delay
 * (`withdrawUnbonded`) and slashed until then.
 * @throws BaseError as `ensure`; `chain/insufficient-bond` where an operator's own part is locked
 */
export function undelegate(
  chain: Chain,
  { operator, role, remaining, signal }: Delegation & { readonly remaining: bigint } & SendOptions,
): Promise<Outcome> {
  const delegator = senderOf(chain).address;
  const surplus = async () => (await readDelegation(chain, { operator, role, delegator })) - remaining;
  return ensure(chain, {
    isDone: async () => (await surplus()) <= 0n,
    call: async () => ({
      address: chain.book.staking,
      abi: stakingAbi,
      functionName: 'requestUnbond',
      args: [operator, STAKING_ROLES.indexOf(role), await surplus()],
    }),
    signal,
  });
}
