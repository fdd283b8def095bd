import { type Address, erc20Abi } from 'viem';
import { type Chain } from '../chain.ts';
import { contractError } from '../contract-error.ts';
import { read } from '../read.ts';

/** An account's tokens, of the address book's token by default; smallest unit. */
export function tokenBalance(chain: Chain, account: Address, token: Address = chain.book.token): Promise<bigint> {
  return read(chain, { address: token, abi: erc20Abi, functionName: 'balanceOf', args: [account] });
}

/** An account's money for gas, in wei. */
export async function gasBalance(chain: Chain, account: Address): Promise<bigint> {
  await chain.verify();
  try {
    return await chain.client.getBalance({ address: account });
  } catch (error) {
    throw contractError(chain, 'reading a balance', error);
  }
}
