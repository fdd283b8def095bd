import { type Address, addressSchema, bodyDigest, type ChainRound, type Message } from '@skein/alliance';
import {
  type AllianceInfo,
  bitmapOf,
  type Chain,
  commitVote,
  indicesOf,
  type MemberInfo,
  postCandidate,
  type RoundInfo,
  readAlliance,
  readMembers,
  readRound,
  readVote,
  reportEquivocation,
  revealVote,
  type SignedMessage,
} from '@skein/chain';
import { BaseError, type Digest } from '@skein/core';
import type { Hex } from 'viem';
import type { ChainAlliance, ChainPort } from './chain-port.ts';

/** The contract's word on one alliance. @param id its number in the contract */
export function createChainPort(chain: Chain, id: string): ChainPort {
  const alliance = BigInt(id);
  const modelBefore = rememberModels(chain, id);
  return {
    alliance: () => readWhole(chain, id),
    async round(of, number = of.round) {
      if (number === 0) return null;
      const [round, model] = await Promise.all([readRound(chain, alliance, number), modelBefore(number)]);
      return round === undefined ? null : await toChainRound(chain, { of, round, model });
    },
    async commitVote(vote, signal) {
      await commitVote(chain, { alliance, ...vote, salt: vote.salt as Hex, signal });
    },
    async revealVote(vote, signal) {
      await revealVote(chain, { alliance, ...vote, salt: vote.salt as Hex, signal });
    },
    async postCandidate({ round, attempt, post, signatures, signal }) {
      const { uploadsRoot, sum, model } = post;
      const sets = { cohort: BigInt(post.cohort), survivors: BigInt(post.survivors) };
      const candidate = { ...sets, uploadsRoot, sumDigest: sum, modelDigest: model };
      await postCandidate(chain, { alliance, round, attempt, candidate, signatures: signatures as Hex[], signal });
    },
    async accuse([first, second], signal) {
      await reportEquivocation(chain, { first: signedOf(first), second: signedOf(second), signal });
    },
  };
}

async function readInfo(chain: Chain, id: string): Promise<AllianceInfo> {
  const found = await readAlliance(chain, BigInt(id));
  if (found !== undefined) return found;
  throw new BaseError('node/no-alliance', `There is no alliance ${id} on chain ${chain.book.chainId}.`, {
    hints: ['Is the RPC address of another chain? Compare chain id and contract with the invitation.'],
  });
}

async function readWhole(chain: Chain, id: string): Promise<ChainAlliance> {
  const [info, members] = await Promise.all([readInfo(chain, id), readMembers(chain, BigInt(id))]);
  const { status, paused, creator, params, model, round } = info;
  return {
    status: status === 'none' ? 'forming' : status,
    paused,
    creator: addressSchema.parse(creator),
    planDigest: params.planDigest,
    initialModel: params.initialModel,
    model,
    round,
    revealSeconds: params.revealSeconds,
    members: members.map(({ account, index, state, weight }) => ({
      address: addressSchema.parse(account),
      index,
      weight: weight.toString(),
      isActive: state === 'active',
      isRemoved: state === 'removed',
    })),
  };
}

/** The model that a round starts from: that of the round before it, which never changes again. */
function rememberModels(chain: Chain, id: string): (round: number) => Promise<Digest> {
  const known = new Map<number, Digest>();
  return async (round) => {
    const remembered = known.get(round);
    if (remembered !== undefined) return remembered;
    const before = round === 1 ? undefined : await readRound(chain, BigInt(id), round - 1);
    const model = before?.model ?? (await readInfo(chain, id)).params.initialModel;
    known.set(round, model);
    return model;
  };
}

function signedOf(message: Message): SignedMessage {
  const { alliance, round, attempt, kind, signature } = message;
  const body = bodyDigest(message);
  return { message: { alliance: BigInt(alliance), round, attempt, kind, body }, signature: signature as Hex };
}

interface RoundReading {
  readonly of: ChainAlliance;
  readonly round: RoundInfo;
  readonly model: Digest;
}

async function toChainRound(chain: Chain, { of, round, model }: RoundReading): Promise<ChainRound> {
  const addressAt = (index: number): Address => of.members.find((member) => member.index === index)!.address;
  const members = indicesOf(round.members).map((index) => of.members.find((member) => member.index === index)!);
  const removed = bitmapOf(of.members.filter(({ isRemoved }) => isRemoved).map(({ index }) => index));
  const { candidate, attempt } = round;
  const revealed = await Promise.all(
    indicesOf(round.revealed).map(async (index) => {
      const evaluator = addressAt(index);
      const vote = await readVote(chain, round, evaluator as MemberInfo['account']);
      return { evaluator, lossChangeMicroNats: vote.state === 'revealed' ? vote.lossChangeMicroNats : 0 };
    }),
  );
  return {
    round: round.round,
    attempt,
    status: round.status === 'none' ? 'open' : round.status,
    openedAt: round.openedAt,
    deadline: round.deadline,
    revealDeadline: round.status === 'open' ? null : round.deadline + of.revealSeconds,
    model,
    members: members.map(({ address, index, weight }) => ({ address, index, weight })),
    candidate: candidate === undefined ? null : toCandidate(candidate),
    // The contract counts who was removed during the round as committed, so that nobody waits for it.
    committed: indicesOf(round.committed & ~removed).map(addressAt),
    revealed,
    // Whoever posts is checked by the contract; whose turn it is, the hub tells.
    aggregators: [],
  };
}

function toCandidate(info: NonNullable<RoundInfo['candidate']>): NonNullable<ChainRound['candidate']> {
  return {
    aggregator: addressSchema.parse(info.aggregator),
    cohort: info.cohort.toString(),
    survivors: info.survivors.toString(),
    uploadsRoot: info.uploadsRoot,
    sum: info.sumDigest,
    model: info.modelDigest,
  };
}
