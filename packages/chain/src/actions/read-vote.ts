import type { Address, Hex } from 'viem';
import type { Chain } from '../chain.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { read } from '../read.ts';

export type VoteInfo =
  | { readonly state: 'none' }
  | { readonly state: 'committed'; readonly commitment: Hex }
  | { readonly state: 'revealed'; readonly lossChangeMicroNats: number };

export interface VoteAddress {
  readonly alliance: bigint;
  readonly round: number;
  readonly attempt: number;
}

/** An evaluator's vote in the last attempt of a round; `none` for earlier attempts. */
export async function readVote(
  chain: Chain,
  { alliance, round, attempt }: VoteAddress,
  evaluator: Address,
): Promise<VoteInfo> {
  const [commitment, revealed, lossChange] = await read(chain, {
    address: chain.book.alliance,
    abi: allianceAbi,
    functionName: 'voteOf',
    args: [alliance, round, attempt, evaluator],
  });
  if (revealed) return { state: 'revealed', lossChangeMicroNats: Number(lossChange) };
  return BigInt(commitment) === 0n ? { state: 'none' } : { state: 'committed', commitment };
}
