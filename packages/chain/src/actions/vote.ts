import type { Hex } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import { voteCommitment } from '../vote-commitment.ts';
import { ensureAlliance } from './alliance-call.ts';
import { readVote } from './read-vote.ts';

/** The account's own vote; keep it on disk, salt and all, before it is committed. */
export type OwnVote = {
  readonly alliance: bigint;
  readonly round: number;
  readonly attempt: number;
  readonly lossChangeMicroNats: number;
  /** 32 random bytes. */
  readonly salt: Hex;
} & SendOptions;

/**
 * Commits the account to its vote without showing it.
 * @throws BaseError as `ensure`; `chain/already-committed` where another vote was committed, `chain/too-late`
 */
export function commitVote(chain: Chain, { signal, ...vote }: OwnVote): Promise<Outcome> {
  const evaluator = senderOf(chain).address;
  const commitment = voteCommitment({ ...vote, evaluator });
  return ensureAlliance(chain, {
    functionName: 'commitVote',
    args: [vote.alliance, vote.round, vote.attempt, commitment],
    isDone: async () => {
      const known = await readVote(chain, vote, evaluator);
      return known.state === 'revealed' || (known.state === 'committed' && known.commitment === commitment);
    },
    signal,
  });
}

/** Shows the committed vote; not before all have committed or the time for that is over (`chain/too-early`). */
export function revealVote(chain: Chain, { signal, ...vote }: OwnVote): Promise<Outcome> {
  const evaluator = senderOf(chain).address;
  return ensureAlliance(chain, {
    functionName: 'revealVote',
    args: [vote.alliance, vote.round, vote.attempt, BigInt(vote.lossChangeMicroNats), vote.salt],
    isDone: async () => (await readVote(chain, vote, evaluator)).state === 'revealed',
    signal,
  });
}
