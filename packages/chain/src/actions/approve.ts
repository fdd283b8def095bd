import { type Address, erc20Abi } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { read } from '../read.ts';

/** Lets a contract take up to `amount` of the account's tokens, unless it may already. */
export async function approve(
  chain: Chain,
  { token, spender, amount, signal }: { token: Address; spender: Address; amount: bigint } & SendOptions,
): Promise<Outcome> {
  const owner = senderOf(chain).address;
  const isDone = async () => {
    const args = [owner, spender] as const;
    return (await read(chain, { address: token, abi: erc20Abi, functionName: 'allowance', args })) >= amount;
  };
  const call = () => ({ address: token, abi: erc20Abi, functionName: 'approve', args: [spender, amount] });
  return ensure(chain, { isDone, call, signal });
}
