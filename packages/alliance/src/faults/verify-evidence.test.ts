import { digestOfBytes } from '@skein/core';
import { commitToShare } from '@skein/privacy';
import { nodeCrypto } from '@skein/privacy/node';
import { describe, expect, it } from 'vitest';
import type { Message, MessageOf } from '../message.ts';
import type { Unsigned } from '../signing/message-hash.ts';
import { signMessage } from '../signing/sign-message.ts';
import { sampleFacts, sampleDigest } from '../testing/sample-facts.ts';
import { accountAt, sampleDomain } from '../testing/sample-accounts.ts';
import type { Evidence } from './evidence.ts';
import { type EvidenceContext, verifyEvidence } from './verify-evidence.ts';

const domain = sampleDomain;
const context: EvidenceContext = { domain, crypto: nodeCrypto };
const [alice, bob, carol] = [accountAt(1), accountAt(2), accountAt(3)];

function said<Kind extends Message['kind']>(
  kind: Kind,
  account: typeof alice,
  body: MessageOf<Kind>['body'],
  attempt = 0,
) {
  const place = { protocol: 'skein/1', alliance: '1', round: 1, attempt, sender: account.address };
  return signMessage(domain, { ...place, kind, body } as unknown as Unsigned, account) as Promise<MessageOf<Kind>>;
}

describe('equivocation', () => {
  const report = (seconds: number, account = alice, attempt = 0) =>
    said(
      'round/report/1',
      account,
      { trainLossMicroNats: null, evaluationLossMicroNats: null, trainSeconds: seconds },
      attempt,
    );
  const judge = (a: Message, b: Message) => verifyEvidence(context, { kind: 'equivocation', messages: [a, b] });

  it('is proved by two different messages in one place', async () => {
    expect(judge(await report(1), await report(2))).toMatchObject({ ok: true, culprit: alice.address });
  });

  it.each<[string, () => Promise<[Message, Message]>]>([
    ['one message twice', async () => [await report(1), await report(1)]],
    ['messages of two senders', async () => [await report(1), await report(2, bob)]],
    ['messages of two attempts', async () => [await report(1), await report(2, alice, 1)]],
    ['a forged one', async () => [await report(1), { ...(await report(2, bob)), sender: alice.address }]],
  ])('is not proved by %s', async (_, make) => {
    expect(judge(...(await make())).ok).toBe(false);
  });
});

describe('a wrong opening', () => {
  const share = 'ab'.repeat(33);
  const commitment = (text: string) => {
    const name = { dealer: alice.address, recipient: bob.address, kind: 'selfSeed' } as const;
    return `0x${commitToShare(nodeCrypto, { alliance: '1', round: 1, attempt: 0 }, name, text)}`;
  };
  async function evidence(opened: string): Promise<Evidence> {
    const committed = { selfSeed: commitment(share), maskSecret: `0x${'00'.repeat(32)}` };
    const shares = await said('round/shares/1', alice, {
      keys: sampleDigest,
      sealed: {},
      commitments: { [bob.address]: committed },
    });
    const selfSeeds = { [alice.address]: `0x${opened}` } as MessageOf<'round/unmask/1'>['body']['selfSeeds'];
    const opening = await said('round/unmask/1', bob, { selfSeeds, maskSecrets: {} });
    return { kind: 'wrong-opening', opening, shares, secret: 'selfSeed' };
  }

  it('convicts who opened another share than was committed to, and nobody else', async () => {
    expect(verifyEvidence(context, await evidence('cd'.repeat(33)))).toMatchObject({ ok: true, culprit: bob.address });
    expect(verifyEvidence(context, await evidence(share)).ok).toBe(false);
  });
});

describe('a refuted sum', () => {
  const sum = digestOfBytes(Uint8Array.of(7));
  const aggregator = accountAt(9).address;
  const candidate = { aggregator, cohort: '7', survivors: '7', uploadsRoot: sampleDigest, sum, model: sampleDigest };
  const members = [alice, bob, carol].map(({ address }, index) => ({ address, index, weight: '1' }));
  const { chain } = sampleFacts(3, 9000, { status: 'voting', candidate, members });
  const replay = (account: typeof alice, replayed = sampleDigest) =>
    said('round/replay/1', account, { posted: sum, replayed });
  const judge = (replays: Message[]) => verifyEvidence({ ...context, chain }, { kind: 'refuted-sum', replays });

  it('convicts the aggregator with more than two thirds of the survivors', async () => {
    const three = [await replay(alice), await replay(bob), await replay(carol)];
    expect(judge(three)).toMatchObject({ ok: true, culprit: aggregator });
    expect(judge(three.slice(1)).ok).toBe(false);
  });

  it('is not refuted by strangers, one voice heard twice, disagreement or agreement with the sum', async () => {
    const two = [await replay(alice), await replay(bob)];
    expect(judge([...two, await replay(accountAt(5))]).ok).toBe(false);
    expect(judge([...two, two[0]!]).ok).toBe(false);
    expect(judge([...two, await replay(carol, digestOfBytes(Uint8Array.of(8)))]).ok).toBe(false);
    expect(judge([await replay(alice, sum), await replay(bob, sum), await replay(carol, sum)]).ok).toBe(false);
  });
});
