import { type Address, type Hex, parseSignature } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { stakingAbi } from '../generated/staking-abi.ts';
import { tokenAbi } from '../generated/token-abi.ts';
import { read } from '../read.ts';
import { STAKING_ROLES, type StakingRole } from '../statuses.ts';
import { readBond } from './stake.ts';

const PERMIT = [
  { name: 'owner', type: 'address' },
  { name: 'spender', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'nonce', type: 'uint256' },
  { name: 'deadline', type: 'uint256' },
] as const;

const PERMIT_SECONDS = 3600n;

/**
 * As `stake`, in one transaction instead of two: the approval is signed (ERC-2612). Only for tokens that know permits and
 * describe their signing domain (ERC-5267), as the development token does.
 * @throws BaseError as `ensure`; `chain/erc20-insufficient-allowance` where the token doesn't take the permit
 */
export function stakeWithPermit(
  chain: Chain,
  { role, amount, signal }: { readonly role: StakingRole; readonly amount: bigint } & SendOptions,
): Promise<Outcome> {
  const operator = senderOf(chain).address;
  const missing = async () => amount - (await readBond(chain, operator, role)).own;
  return ensure(chain, {
    isDone: async () => (await missing()) <= 0n,
    call: async () => {
      const value = await missing();
      const { timestamp } = await chain.client.getBlock({ blockTag: 'pending' });
      const deadline = timestamp + PERMIT_SECONDS;
      const { v, r, s } = await signPermit(chain, { owner: operator, value, deadline });
      const args = [STAKING_ROLES.indexOf(role), value, deadline, v, r, s] as const;
      return { address: chain.book.staking, abi: stakingAbi, functionName: 'stakeWithPermit', args };
    },
    signal,
  });
}

interface Permit {
  readonly owner: Address;
  readonly value: bigint;
  readonly deadline: bigint;
}

async function signPermit(
  chain: Chain,
  permit: Permit,
): Promise<{ readonly v: number; readonly r: Hex; readonly s: Hex }> {
  const { token, staking } = chain.book;
  const of = { address: token, abi: tokenAbi } as const;
  const [, name, version, chainId, verifyingContract] = await read(chain, {
    ...of,
    functionName: 'eip712Domain',
    args: [],
  });
  const nonce = await read(chain, { ...of, functionName: 'nonces', args: [permit.owner] });
  const signature = await senderOf(chain).signTypedData({
    domain: { name, version, chainId: Number(chainId), verifyingContract },
    types: { Permit: PERMIT },
    primaryType: 'Permit',
    message: { ...permit, spender: staking, nonce },
  });
  const { r, s, yParity } = parseSignature(signature);
  return { v: 27 + yParity, r, s };
}
