import type { Address } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { stakingAbi } from '../generated/staking-abi.ts';
import { read } from '../read.ts';
import { nameAt, STAKING_ROLES, type StakingRole } from '../statuses.ts';
import { undelegate } from './delegate.ts';

/** Money on its way out of a bond; it can be slashed until it is withdrawn. */
export interface UnbondingRequest {
  /** Its number among the account's requests. */
  readonly request: number;
  readonly operator: Address;
  readonly role: StakingRole;
  /** Seconds since 1970 from which it can be withdrawn. */
  readonly claimableAt: number;
  /** What it would pay now. */
  readonly amount: bigint;
}

/** An account's requests that were not withdrawn yet. */
export async function readUnbonding(chain: Chain, account: Address): Promise<UnbondingRequest[]> {
  const of = { address: chain.book.staking, abi: stakingAbi } as const;
  const requests = await read(chain, { ...of, functionName: 'requestsOf', args: [account] });
  const open = requests.map((raw, request) => ({ raw, request })).filter(({ raw }) => raw.claimableAt > 0n);
  return Promise.all(
    open.map(async ({ raw, request }) => ({
      request,
      operator: raw.operator,
      role: nameAt(STAKING_ROLES, raw.role),
      claimableAt: Number(raw.claimableAt),
      amount: await read(chain, { ...of, functionName: 'requestValue', args: [account, BigInt(request)] }),
    })),
  );
}

/**
 * Brings the account's own stake for a role down to `remaining`; the rest can be withdrawn after the delay.
 * @throws BaseError as `ensure`; `chain/insufficient-bond` where more than the remaining is locked
 */
export function requestUnbond(
  chain: Chain,
  { role, remaining, signal }: { readonly role: StakingRole; readonly remaining: bigint } & SendOptions,
): Promise<Outcome> {
  return undelegate(chain, { operator: senderOf(chain).address, role, remaining, signal });
}

/** Pays out one request whose delay is over (`chain/still-unbonding` before). */
export function withdrawUnbonded(
  chain: Chain,
  { request, signal }: { readonly request: number } & SendOptions,
): Promise<Outcome> {
  const account = senderOf(chain).address;
  return ensure(chain, {
    isDone: async () => !(await readUnbonding(chain, account)).some((open) => open.request === request),
    call: () => ({
      address: chain.book.staking,
      abi: stakingAbi,
      functionName: 'withdraw',
      args: [BigInt(request)],
    }),
    signal,
  });
}
