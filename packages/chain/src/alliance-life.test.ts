import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfJson } from '@skein/core';
import { type Hex, toHex, zeroAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AllianceMessage,
  type AllianceParams,
  allianceEvents,
  anchorLog,
  cancelAlliance,
  commitVote,
  createAlliance,
  createChain,
  finalizeRound,
  joinAlliance,
  leaveAlliance,
  openRound,
  owed,
  postCandidate,
  publishModel,
  readAlliance,
  readAnchor,
  readBlock,
  readBond,
  readMembers,
  readPublishedModel,
  readRound,
  readUnbonding,
  readVote,
  recoverMessageSigner,
  refuteSum,
  REPLAY_KIND,
  replayBody,
  reportEquivocation,
  requestUnbond,
  revealVote,
  revokeInvitation,
  setAlliancePaused,
  signInvitation,
  signMessage,
  stake,
  startAlliance,
  SURVIVORS_KIND,
  survivorsBody,
  tokenBalance,
  verifyInvitation,
  withdrawPayout,
  withdrawUnbonded,
} from './index.ts';
import { type DevelopmentChain, startDevelopmentChain } from './node/index.ts';
import { baseModel, candidateOf, newParties, newParty, type Party, paramsOf, unit } from './testing/parties.ts';

let directory = '';
let development: DevelopmentChain;
let salts = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-life-'));
  development = await startDevelopmentChain({ directory, port: 0, unbondSeconds: 0 });
});

afterAll(async () => {
  await development.stop();
  await rm(directory, { recursive: true });
});

/** Three bonded members, the first of which aggregates as well. */
async function formAlliance(creator: Party, params: AllianceParams): Promise<{ alliance: bigint; members: Party[] }> {
  const alliance = await createAlliance(creator.chain, { params });
  const members = await newParties(development, 3);
  for (const { chain } of members) {
    await stake(chain, { role: 'trainer', amount: params.stake });
    await joinAlliance(chain, { alliance });
  }
  await stake(members[0]!.chain, { role: 'aggregator', amount: params.aggregatorStake });
  await startAlliance(creator.chain, { alliance });
  return { alliance, members };
}

function signAll(members: readonly Party[], message: AllianceMessage): Promise<Hex[]> {
  return Promise.all(members.map(({ account }) => signMessage(account, development.book, message)));
}

interface At {
  readonly alliance: bigint;
  readonly round: number;
  readonly attempt: number;
}

async function post(members: readonly Party[], at: At, name: string): Promise<void> {
  const candidate = candidateOf(name);
  const body = survivorsBody(candidate.cohort, candidate.survivors, candidate.uploadsRoot);
  const signatures = await signAll(members, { ...at, kind: SURVIVORS_KIND, body });
  const sent = () => postCandidate(members[0]!.chain, { ...at, candidate, signatures });
  expect((await sent()).status).toBe('mined');
  expect(await sent()).toEqual({ status: 'already' });
}

async function vote(members: readonly Party[], at: At, losses: readonly number[]): Promise<void> {
  const votes = losses.map((lossChangeMicroNats) => ({
    ...at,
    lossChangeMicroNats,
    salt: toHex(++salts, { size: 32 }),
  }));
  for (const [i, member] of members.entries()) {
    expect((await commitVote(member.chain, votes[i]!)).status).toBe('mined');
    if (i < 2) expect(await commitVote(member.chain, votes[i]!)).toEqual({ status: 'already' });
  }
  for (const [i, member] of members.entries()) {
    expect((await revealVote(member.chain, votes[i]!)).status).toBe('mined');
    expect(await revealVote(member.chain, votes[i]!)).toEqual({ status: 'already' });
  }
}

describe('an alliance through the actions', () => {
  it('lives through an accepted and a rejected round, pays, and ends', async () => {
    const creator = await newParty(development);
    const params = paramsOf(development, 'two rounds');
    const { alliance, members } = await formAlliance(creator, params);
    const chain = creator.chain;
    expect(await createAlliance(chain, { params })).toBe(alliance);
    expect(await readAlliance(chain, alliance)).toMatchObject({ status: 'active', params, model: baseModel, round: 0 });
    expect(await joinAlliance(members[0]!.chain, { alliance })).toEqual({ status: 'already' });
    expect((await readMembers(chain, alliance)).map(({ account, state }) => [account, state])).toEqual(
      members.map(({ account }) => [account.address, 'active']),
    );

    expect((await openRound(members[1]!.chain, { alliance, round: 1 })).status).toBe('mined');
    expect(await openRound(members[2]!.chain, { alliance, round: 1 })).toEqual({ status: 'already' });
    await post(members, { alliance, round: 1, attempt: 0 }, 'one');
    expect(await readRound(chain, alliance, 1)).toMatchObject({ status: 'voting', candidate: candidateOf('one') });
    await vote(members, { alliance, round: 1, attempt: 0 }, [700, -300, -200]);
    await finalizeRound(members[2]!.chain, { alliance, round: 1 });
    expect(await readRound(chain, alliance, 1)).toMatchObject({
      status: 'accepted',
      lossChangeMicroNats: -200,
      model: candidateOf('one').modelDigest,
    });

    await openRound(chain, { alliance, round: 2 });
    await post(members, { alliance, round: 2, attempt: 0 }, 'two');
    await vote(members, { alliance, round: 2, attempt: 0 }, [5, 6, -7]);
    expect(await readVote(chain, { alliance, round: 2, attempt: 0 }, members[2]!.account.address)).toEqual({
      state: 'revealed',
      lossChangeMicroNats: -7,
    });
    await finalizeRound(chain, { alliance, round: 2 });
    expect(await finalizeRound(chain, { alliance, round: 2 })).toEqual({ status: 'already' });
    expect(await readRound(chain, alliance, 2)).toMatchObject({
      status: 'kept',
      model: candidateOf('one').modelDigest,
    });
    expect(await readAlliance(chain, alliance)).toMatchObject({
      status: 'finished',
      model: candidateOf('one').modelDigest,
    });

    // Half the pool for the accepted round, the rest back.
    for (const member of members) {
      const before = await tokenBalance(chain, member.account.address);
      expect(await owed(chain, member.account.address)).toBe(100n * unit);
      await withdrawPayout(member.chain);
      expect(await withdrawPayout(member.chain)).toEqual({ status: 'already' });
      expect((await tokenBalance(chain, member.account.address)) - before).toBe(100n * unit);
    }
    expect(await owed(chain, creator.account.address)).toBe(300n * unit);
  });

  it('tells what happened as typed events', async () => {
    const head = await readBlock(createChain(development));
    const range = { fromBlock: BigInt(development.book.deployedAtBlock), toBlock: head?.number ?? 0n };
    const events = await allianceEvents(createChain(development), range);
    const closed = events.filter((event) => event.eventName === 'RoundClosed' && event.args.id === 1n);
    expect(closed.map(({ args }) => args)).toMatchObject([
      { round: 1, paid: 300n * unit },
      { round: 2, paid: 0n },
    ]);
    expect(events.map(({ eventName }) => eventName)).toEqual(
      expect.arrayContaining([
        'AllianceCreated',
        'MemberJoined',
        'CandidatePosted',
        'RevealOpened',
        'RoundPaid',
        'AllianceClosed',
      ]),
    );
    expect(await readBlock(createChain(development), range.toBlock + 1n)).toBeUndefined();
  });

  it('strikes out a sum that the replay refutes, and takes the next one', async () => {
    const creator = await newParty(development);
    const { alliance, members } = await formAlliance(creator, paramsOf(development, 'refuted'));
    await openRound(creator.chain, { alliance, round: 1 });
    await post(members, { alliance, round: 1, attempt: 0 }, 'wrong');
    const replayDigest = digestOfJson('replayed');
    const message = { alliance, round: 1, attempt: 0, kind: REPLAY_KIND };
    const signatures = await signAll(members, {
      ...message,
      body: replayBody(candidateOf('wrong').sumDigest, replayDigest),
    });
    const refutation = { alliance, round: 1, attempt: 0, replayDigest, signatures };
    expect((await refuteSum(members[1]!.chain, refutation)).status).toBe('mined');
    expect(await refuteSum(members[2]!.chain, refutation)).toEqual({ status: 'already' });
    expect(await readBond(creator.chain, members[0]!.account.address, 'aggregator')).toMatchObject({ own: 0n });
    expect(await readRound(creator.chain, alliance, 1)).toMatchObject({
      status: 'open',
      attempt: 1,
      candidate: undefined,
    });
    await stake(members[0]!.chain, { role: 'aggregator', amount: 50n * unit });
    await post(members, { alliance, round: 1, attempt: 1 }, 'right');
  });

  it('punishes who signs two things in one place', async () => {
    const creator = await newParty(development);
    const { alliance, members } = await formAlliance(creator, paramsOf(development, 'equivocation'));
    const culprit = members[1]!.account;
    const messages = ['one', 'two'].map((text): AllianceMessage => {
      return { alliance, round: 1, attempt: 0, kind: 'round/keys/1', body: toHex(text, { size: 32 }) };
    });
    const [first, second] = await Promise.all(
      messages.map(async (message) => ({ message, signature: await signMessage(culprit, development.book, message) })),
    );
    expect(await recoverMessageSigner(development.book, first!.message, first!.signature)).toBe(culprit.address);
    await expect(reportEquivocation(creator.chain, { first: first!, second: first! })).rejects.toMatchObject({
      code: 'chain/not-equivocation',
    });
    await reportEquivocation(creator.chain, { first: first!, second: second! });
    expect(await reportEquivocation(members[0]!.chain, { first: second!, second: first! })).toEqual({
      status: 'already',
    });
    expect((await readMembers(creator.chain, alliance))[1]?.state).toBe('removed');
    expect(await readBond(creator.chain, culprit.address, 'trainer')).toEqual({ total: 0n, own: 0n, locked: 0n });
  });

  it('takes invitations, pauses, lets members leave and cancels with a refund', async () => {
    const [creator, member, other] = (await newParties(development, 3)) as [Party, Party, Party];
    const alliance = await createAlliance(creator.chain, {
      params: paramsOf(development, 'invited', { joinMode: 'invitation' }),
    });
    await stake(member.chain, { role: 'trainer', amount: 100n * unit });
    await stake(other.chain, { role: 'trainer', amount: 100n * unit });
    const nowSeconds = Math.floor(Date.now() / 1000);
    const draft = {
      alliance,
      invitee: member.account.address,
      nonce: toHex(1, { size: 32 }),
      expiry: nowSeconds + 1000,
    };
    const invitation = await signInvitation(creator.account, development.book, draft);
    const asked = { creator: creator.account.address, invitee: member.account.address, nowSeconds };
    expect(await verifyInvitation(development.book, invitation, asked)).toBe('good');
    expect(await verifyInvitation(development.book, { ...invitation, expiry: nowSeconds }, asked)).toBe(
      'not-from-creator',
    );
    await expect(joinAlliance(other.chain, { alliance, invitation })).rejects.toMatchObject({
      code: 'chain/not-allowed',
    });
    await joinAlliance(member.chain, { alliance, invitation });
    const bearer = { ...draft, invitee: zeroAddress, nonce: toHex(2, { size: 32 }) };
    await revokeInvitation(creator.chain, { alliance, nonce: bearer.nonce });
    const revoked = await signInvitation(creator.account, development.book, bearer);
    await expect(joinAlliance(other.chain, { alliance, invitation: revoked })).rejects.toMatchObject({
      code: 'chain/invitation-used',
    });
    await setAlliancePaused(creator.chain, { alliance, paused: true });
    expect(await readAlliance(creator.chain, alliance)).toMatchObject({ paused: true });
    await leaveAlliance(member.chain, { alliance });
    expect(await leaveAlliance(member.chain, { alliance })).toEqual({ status: 'already' });
    await cancelAlliance(creator.chain, { alliance });
    expect(await owed(creator.chain, creator.account.address)).toBe(600n * unit);

    await requestUnbond(member.chain, { role: 'trainer', remaining: 40n * unit });
    const [request] = await readUnbonding(member.chain, member.account.address);
    expect(request).toMatchObject({ role: 'trainer', amount: 60n * unit });
    await withdrawUnbonded(member.chain, { request: request?.request ?? -1 });
    expect(await readUnbonding(member.chain, member.account.address)).toEqual([]);
  });

  it('names models and anchors logs', async () => {
    const [one, two] = (await newParties(development, 2)) as [Party, Party];
    const model = digestOfJson('published');
    await publishModel(one.chain, { name: 'acme/support', model });
    expect(await publishModel(one.chain, { name: 'acme/support', model })).toEqual({ status: 'already' });
    expect(await readPublishedModel(two.chain, 'acme/support')).toMatchObject({ version: 1, model });
    await expect(publishModel(two.chain, { name: 'acme/support', model })).rejects.toMatchObject({
      code: 'chain/not-publisher',
    });
    const origin = digestOfJson('log');
    await anchorLog(one.chain, { origin, size: 10, root: model });
    expect(await anchorLog(one.chain, { origin, size: 10, root: model })).toEqual({ status: 'already' });
    await expect(anchorLog(one.chain, { origin, size: 9, root: model })).rejects.toMatchObject({
      code: 'chain/not-larger',
    });
    expect(await readAnchor(two.chain, one.account.address, origin)).toMatchObject({ size: 10, root: model });
  });
});
