import { type Digest, digestOfJson } from '@skein/core';
import type { PrivateKeyAccount } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { type AllianceParams, bitmapOf, type CandidatePost, type Chain, createChain } from '../index.ts';
import type { DevelopmentChain } from '../node/index.ts';

export const unit = 10n ** 18n;
export const baseModel: Digest = digestOfJson('base');

/** Somebody with a key and play money. */
export interface Party {
  readonly chain: Chain;
  readonly account: PrivateKeyAccount;
}

export async function newParty({ rpcUrl, book }: DevelopmentChain): Promise<Party> {
  const account = privateKeyToAccount(generatePrivateKey());
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'skein_fund', params: [account.address] });
  await fetch(rpcUrl, { method: 'POST', body });
  return { account, chain: createChain({ rpcUrl, book, account, pollingIntervalMs: 10 }) };
}

export async function newParties(development: DevelopmentChain, count: number): Promise<Party[]> {
  const parties: Party[] = [];
  for (let i = 0; i < count; i++) parties.push(await newParty(development));
  return parties;
}

/** Parameters of a plan with some name, for three members. */
export function paramsOf(
  { book }: DevelopmentChain,
  plan: string,
  changes: Partial<AllianceParams> = {},
): AllianceParams {
  return {
    planDigest: digestOfJson(plan),
    initialModel: baseModel,
    token: book.token,
    pool: 600n * unit,
    stake: 100n * unit,
    aggregatorStake: 50n * unit,
    rounds: 2,
    minMembers: 3,
    maxMembers: 3,
    joinMode: 'open',
    candidateSeconds: 600,
    commitSeconds: 600,
    revealSeconds: 600,
    toleranceMicroNats: 0,
    evaluatorFeeBps: 1000,
    unrevealedPenaltyBps: 500,
    ...changes,
  };
}

/** What an aggregator might post for three members. */
export function candidateOf(name: string): CandidatePost {
  const everybody = bitmapOf([0, 1, 2]);
  return {
    cohort: everybody,
    survivors: everybody,
    uploadsRoot: digestOfJson(`uploads ${name}`),
    sumDigest: digestOfJson(`sum ${name}`),
    modelDigest: digestOfJson(`model ${name}`),
  };
}
