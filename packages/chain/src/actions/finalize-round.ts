import type { Address } from 'viem';
import { indicesOf } from '../bitmap.ts';
import type { Chain } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { isClosed } from './open-round.ts';
import { readMembers } from './read-members.ts';
import { readRound } from './read-round.ts';
import { readVote } from './read-vote.ts';

/**
 * Has a round decided by its votes: when all that can come have come, or after the last deadline (`chain/too-early`
 * before). Anybody may; pay is credited, and with the last round the alliance ends.
 */
export function finalizeRound(
  chain: Chain,
  { alliance, round, signal }: { readonly alliance: bigint; readonly round: number } & SendOptions,
): Promise<Outcome> {
  return ensure(chain, {
    isDone: async () => isClosed((await readRound(chain, alliance, round))?.status),
    call: async () => ({
      address: chain.book.alliance,
      abi: allianceAbi,
      functionName: 'finalizeRound',
      args: [alliance, round, await revealersByLoss(chain, alliance, round)],
    }),
    signal,
  });
}

async function revealersByLoss(chain: Chain, alliance: bigint, round: number): Promise<Address[]> {
  const [state, members] = await Promise.all([readRound(chain, alliance, round), readMembers(chain, alliance)]);
  if (state === undefined) return [];
  const revealed = new Set(indicesOf(state.revealed));
  const votes = await Promise.all(
    members
      .filter(({ index }) => revealed.has(index))
      .map(async ({ account }) => {
        const vote = await readVote(chain, { alliance, round, attempt: state.attempt }, account);
        return { account, loss: vote.state === 'revealed' ? vote.lossChangeMicroNats : 0 };
      }),
  );
  return votes.toSorted((a, b) => a.loss - b.loss).map(({ account }) => account);
}
