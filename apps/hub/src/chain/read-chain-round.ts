import { type Address, addressSchema, type ChainRound } from '@skein/alliance';
import { type Chain, indicesOf, readBond, readRound, readVote, type RoundInfo } from '@skein/chain';
import { type Digest, invariant } from '@skein/core';
import type { Address as ChainAddress } from 'viem';
import type { AllianceReading } from './alliance-reading.ts';

/** A round as the chain has it now, and what only a closed one has. */
export interface RoundReading {
  readonly chain: ChainRound;
  /** Weighted median of the votes; null where nobody voted or the round isn't closed. */
  readonly lossChangeMicroNats: number | null;
}

/**
 * @param bonded accounts that ever had an aggregator's bond; who has enough of it now is asked of the chain
 * @returns undefined for a round that was never opened
 */
export async function readChainRound(
  chain: Chain,
  alliance: AllianceReading,
  round: number,
  bonded: readonly Address[],
): Promise<RoundReading | undefined> {
  const info = await readRound(chain, BigInt(alliance.id), round);
  if (info === undefined || info.status === 'none') return undefined;
  const members = membersAt(alliance, info.members);
  const removed = new Set(alliance.members.filter(({ isRemoved }) => isRemoved).map(({ address }) => address));
  const addresses = (bitmap: bigint): Address[] => membersAt(alliance, bitmap).map(({ address }) => address);
  const { candidate } = info;
  const isOver = info.status !== 'open' && info.status !== 'voting';
  return {
    lossChangeMicroNats: isOver && info.revealed !== 0n ? info.lossChangeMicroNats : null,
    chain: {
      round,
      attempt: info.attempt,
      status: info.status,
      openedAt: info.openedAt,
      deadline: info.deadline,
      revealDeadline: info.status === 'open' ? null : info.deadline + alliance.params.revealSeconds,
      model: await modelBefore(chain, alliance, round),
      members: members.map(({ address, index, weight }) => ({ address, index, weight })),
      candidate: candidate === undefined ? null : toCandidate(candidate),
      // Who was removed during the round counts as committed in the contract, and is not waited for.
      committed: addresses(info.committed).filter((address) => !removed.has(address)),
      revealed: await readVotes(chain, info, addresses(info.revealed)),
      aggregators: isOver ? [] : await withBond(chain, bonded, BigInt(alliance.params.aggregatorStake)),
    },
  };
}

function membersAt(alliance: AllianceReading, bitmap: bigint): AllianceReading['members'] {
  return indicesOf(bitmap).map((index) => {
    const member = alliance.members.find((each) => each.index === index);
    invariant(member !== undefined, `alliance ${alliance.id} has no member ${index}`);
    return member;
  });
}

/** The model that a round starts from: that of the round before it. */
async function modelBefore(chain: Chain, alliance: AllianceReading, round: number): Promise<Digest> {
  const before = round === 1 ? undefined : await readRound(chain, BigInt(alliance.id), round - 1);
  return before?.model ?? alliance.initialModel;
}

function readVotes(chain: Chain, info: RoundInfo, evaluators: readonly Address[]): Promise<ChainRound['revealed']> {
  return Promise.all(
    evaluators.map(async (evaluator) => {
      const vote = await readVote(chain, info, evaluator as unknown as ChainAddress);
      return { evaluator, lossChangeMicroNats: vote.state === 'revealed' ? vote.lossChangeMicroNats : 0 };
    }),
  );
}

async function withBond(chain: Chain, bonded: readonly Address[], needed: bigint): Promise<Address[]> {
  const bonds = await Promise.all(
    bonded.map((address) => readBond(chain, address as unknown as ChainAddress, 'aggregator')),
  );
  return bonded.filter((_, at) => (bonds[at]?.total ?? 0n) >= needed);
}

function toCandidate(info: NonNullable<RoundInfo['candidate']>): ChainRound['candidate'] {
  return {
    aggregator: addressSchema.parse(info.aggregator),
    cohort: String(info.cohort),
    survivors: String(info.survivors),
    uploadsRoot: info.uploadsRoot,
    sum: info.sumDigest,
    model: info.modelDigest,
  };
}
