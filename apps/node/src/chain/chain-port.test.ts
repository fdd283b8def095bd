import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressSchema, candidateSeconds, digestOfPlan, type Plan } from '@skein/alliance';
import {
  type AllianceParams,
  type Chain,
  createAlliance,
  createChain,
  joinAlliance,
  openRound,
  readAlliance,
  stake,
  startAlliance,
} from '@skein/chain';
import { type DevelopmentChain, startDevelopmentChain } from '@skein/chain/node';
import type { Address } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertPlanOnChain } from '../api/assert-plan-on-chain.ts';
import { samplePlan } from '../testing/sample-plan.ts';
import { createChainPort } from './create-chain-port.ts';

const plan = samplePlan({ stake: '1000', aggregatorStake: '2000' });
let directory: string;
let development: DevelopmentChain;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-port-'));
  development = await startDevelopmentChain({ directory, port: 0 });
});
afterAll(async () => {
  await development.stop();
  await rm(directory, { recursive: true });
});

async function funded(): Promise<Chain> {
  const account = privateKeyToAccount(generatePrivateKey());
  const chain = createChain({ rpcUrl: development.rpcUrl, book: development.book, account });
  await chain.client.request({ method: 'skein_fund', params: [account.address] } as never);
  return chain;
}

function paramsOf(of: Plan, token: Address): AllianceParams {
  return {
    planDigest: digestOfPlan(of),
    initialModel: of.initialModel,
    token,
    pool: BigInt(of.pool),
    stake: BigInt(of.stake),
    aggregatorStake: BigInt(of.aggregatorStake),
    rounds: of.rounds,
    minMembers: of.minMembers,
    maxMembers: of.maxMembers,
    joinMode: of.join,
    candidateSeconds: candidateSeconds(of),
    commitSeconds: of.phases.commit,
    revealSeconds: of.phases.reveal,
    toleranceMicroNats: of.toleranceMicroNats,
    evaluatorFeeBps: of.evaluatorFeeBps,
    unrevealedPenaltyBps: of.unrevealedPenaltyBps,
  };
}

describe('the chain, asked by a node', () => {
  it('tells members and the open round in the protocol’s words', async () => {
    const creator = await funded();
    const alliance = await createAlliance(creator, { params: paramsOf(plan, development.book.token) });
    const first = await funded();
    const members = [first, await funded(), await funded()];
    await expect(joinAlliance(first, { alliance })).rejects.toThrow(
      expect.objectContaining({ code: 'chain/insufficient-bond' }),
    );
    for (const member of members) {
      await stake(member, { role: 'trainer', amount: 1000n });
      await joinAlliance(member, { alliance });
    }
    const port = createChainPort(first, alliance.toString());
    const forming = await port.alliance();
    expect(forming).toMatchObject({ status: 'forming', planDigest: digestOfPlan(plan), round: 0 });
    expect(await port.round(forming)).toBeNull();

    await startAlliance(creator, { alliance });
    await openRound(creator, { alliance, round: 1 });
    const active = await port.alliance();
    const addresses = members.map((member) => addressSchema.parse(member.account!.address));
    expect(active.members.map(({ address }) => address)).toEqual(addresses);
    const round = await port.round(active);
    expect(round).toMatchObject({
      round: 1,
      attempt: 0,
      status: 'open',
      model: plan.initialModel,
      members: addresses.map((address, index) => ({ address, index, weight: '1000' })),
      candidate: null,
      committed: [],
      revealed: [],
      revealDeadline: null,
    });
    expect(round!.deadline - round!.openedAt).toBe(candidateSeconds(plan));

    const info = (await readAlliance(creator, alliance))!;
    assertPlanOnChain(plan, info);
    for (const changes of [{ rounds: 3 }, { stake: '1' }, { phases: { ...plan.phases, reveal: 1 } }]) {
      expect(() => assertPlanOnChain({ ...plan, ...changes }, info)).toThrow(
        expect.objectContaining({ code: 'node/other-plan' }),
      );
    }
  });

  it('is named where it is down, another chain, or has no such alliance', async () => {
    const { book, rpcUrl } = development;
    const read = (at: string, changes: object = {}) =>
      createChainPort(createChain({ rpcUrl: at, book: { ...book, ...changes } }), '99').alliance();
    const coded = (code: string) => expect.objectContaining({ code });
    await expect(read('http://127.0.0.1:1')).rejects.toThrow(coded('chain/unreachable'));
    await expect(read(rpcUrl, { chainId: 1 })).rejects.toThrow(coded('chain/wrong-chain'));
    await expect(read(rpcUrl, { alliance: `0x${'00'.repeat(19)}01` })).rejects.toThrow(coded('chain/not-deployed'));
    await expect(read(rpcUrl)).rejects.toThrow(coded('node/no-alliance'));
  });
});
