import {
  blobManifestOf,
  blobRoot,
  encodeNumbers,
  type Message,
  messagesRoot,
  type Phase,
  type Plan,
  type RoundView,
  survivorsBodyOf,
} from '@skein/alliance';
import { type Chain, commitVote, createAlliance, postCandidate, revealVote, startAlliance } from '@skein/chain';
import { createHubClient, type HubClient } from '@skein/client';
import { createMemorySource, digestOfBytes, type Digest } from '@skein/core';
import { toHex } from 'viem';
import { expect } from 'vitest';
import { createMember, joinWithStake, type TestMember } from './test-member.ts';
import { initialModel, paramsOf, testPlan } from './test-plan.ts';

/** Three members of a real alliance, played by hand: what they say is decided by the test. */
export interface TestAlliance {
  readonly id: string;
  readonly plan: Plan;
  readonly members: readonly [TestMember, TestMember, TestMember];
}

/** Creates an alliance on the chain and has three members join it; the first can add up. */
export async function createTestAlliance(
  place: Pick<Chain, 'rpcUrl' | 'book'>,
  plan: Plan = testPlan(),
): Promise<TestAlliance> {
  const members = [await createMember(place), await createMember(place), await createMember(place)] as const;
  const [creator] = members;
  const alliance = await createAlliance(creator.chain, { params: paramsOf(plan, creator.chain) });
  for (const member of members) await joinWithStake(member, alliance, member === creator);
  await startAlliance(creator.chain, { alliance });
  return { id: String(alliance), plan, members };
}

/** Brings plan and model to a hub, once it has seen the alliance. */
export async function introduce({ id, plan }: TestAlliance, client: HubClient): Promise<void> {
  await expect
    .poll(
      () =>
        client.alliance(id).then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
  await client.putPlan(plan);
  await client.uploadBlob(createMemorySource(initialModel));
}

/** The round as soon as it is in this phase. */
export async function inPhase(client: HubClient, id: string, round: number, phase: Phase): Promise<RoundView> {
  const view = (): Promise<RoundView | undefined> => client.round(id, round).catch(() => undefined);
  await expect.poll(async () => (await view())?.phase, { timeout: 30_000 }).toBe(phase);
  return (await view()) as RoundView;
}

/** What a member has to upload in a round: four numbers of its own. */
export function uploadOf(index: number): { data: Uint8Array; root: Digest } {
  const data = encodeNumbers(Float32Array.of(index, 1, 2, 3));
  return { data, root: blobRoot(blobManifestOf(data)) };
}

export async function uploadMessage(at: TestAlliance, round: number, index: number): Promise<Message> {
  const { data, root } = uploadOf(index);
  const log = { size: 0, root: digestOfBytes(new Uint8Array()) };
  const body = { cohort: [], shares: null, root, sizeBytes: data.length, log };
  const member = at.members[index] as TestMember;
  return member.sign({ alliance: at.id, round, attempt: 0, kind: 'round/upload/1', body });
}

/** Plays a round in clear mode from its upload on. */
export async function playRound(at: TestAlliance, client: HubClient, round: number): Promise<void> {
  await inPhase(client, at.id, round, 'upload');
  for (const index of at.members.keys()) {
    await client.postMessage(await uploadMessage(at, round, index));
    await client.uploadBlob(createMemorySource(uploadOf(index).data));
  }
  const survived = await inPhase(client, at.id, round, 'survivors');
  const signed = await signSurvivors(at, client, survived);
  await inPhase(client, at.id, round, 'sum');
  await addUp(at, client, { round, signed });
  await inPhase(client, at.id, round, 'commit');
  const vote = {
    alliance: BigInt(at.id),
    round,
    attempt: 0,
    lossChangeMicroNats: -5,
    salt: toHex(round, { size: 32 }),
  };
  for (const { chain } of at.members) await commitVote(chain, vote);
  for (const { chain } of at.members) await revealVote(chain, vote);
  await inPhase(client, at.id, round, 'closed');
}

async function signSurvivors(at: TestAlliance, client: HubClient, view: RoundView): Promise<Message[]> {
  const { round, members, cohort, survivors } = view;
  const uploads = await client.messages(at.id, { round, kinds: ['round/upload/1'] });
  const { chainId, alliance: contract } = (await client.info()).chain;
  const root = messagesRoot(
    { chainId, contract },
    uploads.map(({ message }) => message),
  );
  const body = survivorsBodyOf(members, { cohort: cohort ?? [], survivors: survivors ?? [], uploadsRoot: root });
  const signed: Message[] = [];
  for (const member of at.members) {
    signed.push(await member.sign({ alliance: at.id, round, attempt: 0, kind: 'round/survivors/1', body }));
  }
  for (const message of signed) await client.postMessage(message);
  return signed;
}

/** The sum is whatever it is: the hub doesn't judge it. */
async function addUp(
  at: TestAlliance,
  client: HubClient,
  { round, signed }: { round: number; signed: readonly Message[] },
): Promise<void> {
  const [aggregator] = at.members;
  const [sum, model] = [encodeNumbers(Float32Array.of(round, 9, 9, 9)), Uint8Array.of(...initialModel, round)];
  const names = { sum: blobRoot(blobManifestOf(sum)), model: blobRoot(blobManifestOf(model)) };
  const body = { ...names, sumBytes: sum.length, modelBytes: model.length };
  await client.postMessage(await aggregator.sign({ alliance: at.id, round, attempt: 0, kind: 'round/sum/1', body }));
  await client.uploadBlob(createMemorySource(sum));
  await client.uploadBlob(createMemorySource(model));
  const first = signed[0];
  if (first?.kind !== 'round/survivors/1') throw new TypeError('expected survivors messages');
  const { cohort, survivors, uploadsRoot } = first.body;
  await postCandidate(aggregator.chain, {
    alliance: BigInt(at.id),
    round,
    attempt: 0,
    candidate: {
      cohort: BigInt(cohort),
      survivors: BigInt(survivors),
      uploadsRoot,
      sumDigest: names.sum,
      modelDigest: names.model,
    },
    signatures: signed.map(({ signature }) => signature as `0x${string}`),
  });
}

/** A client that waits for as long as a loaded machine needs to start a hub several times. */
export function clientOf(url: string): HubClient {
  return createHubClient({ url, patienceMs: 180_000 });
}
