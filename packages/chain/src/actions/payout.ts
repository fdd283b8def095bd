import type { Address } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { read } from '../read.ts';
import { ensureAlliance } from './alliance-call.ts';

/** What alliances owe an account in a token, the address book's by default; smallest unit. */
export function owed(chain: Chain, account: Address, token: Address = chain.book.token): Promise<bigint> {
  const args = [token, account] as const;
  return read(chain, { address: chain.book.alliance, abi: allianceAbi, functionName: 'owed', args });
}

/** Pays out all that alliances owe the account in a token, the address book's by default. */
export function withdrawPayout(
  chain: Chain,
  { token = chain.book.token, signal }: { readonly token?: Address } & SendOptions = {},
): Promise<Outcome> {
  const isDone = async () => (await owed(chain, senderOf(chain).address, token)) === 0n;
  return ensureAlliance(chain, { functionName: 'withdraw', args: [token], isDone, signal });
}
