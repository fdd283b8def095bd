import { type Digest, parseDigest } from '@skein/core';
import { describe, expect, it } from 'vitest';
import { toHex } from '../hex.ts';
import { memberView, receiveShares, recordUpload, shareSecrets, startMember } from '../member.ts';
import { nodeCrypto } from '../node/node-crypto.ts';
import { copyOf, shareRound } from '../testing/round.ts';
import { checkKeyring } from './check-keyring.ts';
import { type SharesMessage, sharesMessageSchema } from './create-shares.ts';
import { openShares, sharersOf } from './open-shares.ts';
import { sealKeyOf } from './share-channel.ts';
import { publicKeysSchema } from './round-secrets.ts';

const setUp = () => shareRound({ members: 4, values: [] });
type Messages = Record<string, SharesMessage>;

describe('shares', () => {
  it('reach everybody, oneself included, and fit their commitments', async () => {
    const { members, messages } = await setUp();
    for (const member of members) {
      const { opened, faults } = openShares(nodeCrypto, memberView(member), messages);
      expect(faults).toEqual([]);
      expect(Object.keys(opened).sort()).toEqual(members.map(({ self }) => self).sort());
      expect(sharesMessageSchema.safeParse(messages[member.self]).success).toBe(true);
      expect(publicKeysSchema.safeParse(member.publicKeys).success).toBe(true);
    }
  });

  it('are sent again as they were stored', async () => {
    const { members, keyring, thresholds } = await setUp();
    const stored = copyOf(members[0]!);
    expect(await shareSecrets(nodeCrypto, stored, { keyring, thresholds })).toEqual(stored);
    const received = receiveShares(nodeCrypto, stored, { [stored.self]: stored.shared!.message });
    expect(receiveShares(nodeCrypto, received.state, {}).state).toBe(received.state);
  });

  it('are fresh in every attempt', async () => {
    const [first, second] = [await setUp(), await setUp()];
    const publics = [...first.members, ...second.members].flatMap(({ publicKeys }) => Object.values(publicKeys));
    expect(new Set(publics).size).toBe(24);
  });

  it('cannot be opened by another member, in another round, or from another sender', async () => {
    const { members, messages } = await setUp();
    const [a, b, c] = members.map(({ self }) => self) as [string, string, string];
    const swapped: Messages = copyOf(messages);
    swapped[a]!.sealed[b] = messages[a]!.sealed[c]!;
    const view = memberView(members[1]!);
    const unreadable = { kind: 'unreadable-shares', message: expect.stringContaining(a) as string };
    expect(openShares(nodeCrypto, view, swapped).faults).toEqual([unreadable]);
    expect(Object.keys(openShares(nodeCrypto, view, swapped).opened)).not.toContain(a);
    const later = { ...view, context: { ...view.context, round: 2 } };
    expect(openShares(nodeCrypto, later, messages).faults).toHaveLength(4);
    const impersonated: Messages = copyOf(messages);
    impersonated[a]!.sealed[b] = messages[c]!.sealed[b]!;
    expect(openShares(nodeCrypto, view, impersonated).faults).toEqual([unreadable]);
  });

  it('made with swapped keys are noticed by their recipient', async () => {
    const { members, keyring, thresholds } = await setUp();
    const [a, b] = [members[0]!, members[1]!];
    // The server shows `a` its own key in place of b's.
    const server = startMember(nodeCrypto, a.context, 'server').publicKeys;
    const { shared: _, ...fresh } = a;
    const fooled = await shareSecrets(nodeCrypto, fresh, { keyring: { ...keyring, [b.self]: server }, thresholds });
    const { faults } = openShares(nodeCrypto, memberView(b), { [a.self]: fooled.shared!.message });
    expect(faults.map(({ kind }) => kind)).toEqual(['unreadable-shares']);
  });

  it('that contradict their commitment are noticed by their recipient', async () => {
    const { members, messages } = await setUp();
    const [a, b] = [members[0]!.self, members[1]!];
    const altered: Messages = copyOf(messages);
    altered[a]!.commitments[b.self]!.maskSecret = '00'.repeat(32);
    const { faults, opened } = openShares(nodeCrypto, memberView(b), altered);
    expect(faults.map(({ kind }) => kind)).toEqual(['share-commitment-mismatch']);
    expect(opened[a]).toBeUndefined();
  });

  it('travel under another key each way, and in each round', async () => {
    const { members } = await setUp();
    const [a, b] = members.map(({ self }) => self) as [string, string];
    const { context, secrets, publicKeys } = members[0]!;
    const channel = {
      context,
      sender: a,
      recipient: b,
      ownSecret: secrets.cipherSecret,
      peerPublic: publicKeys.maskPublic,
    };
    const keys = [channel, { ...channel, sender: b, recipient: a }, { ...channel, context: { ...context, round: 2 } }]
      .map((each) => sealKeyOf(nodeCrypto, each, new Uint8Array(12))!.key)
      .map(toHex);
    expect(new Set(keys).size).toBe(3);
  });

  it('of a round go with one upload', async () => {
    const { members } = await setUp();
    const [first, second] = ['0', '1'].map((digit) => parseDigest(`sha256:${digit.repeat(64)}`)) as [Digest, Digest];
    const state = recordUpload(members[0]!, first);
    expect(recordUpload(state, first)).toEqual(state);
    expect(() => recordUpload(state, second)).toThrow('An attempt has one upload');
  });

  it('count only where the message covers just the cohort', async () => {
    const { members, messages, keyring } = await setUp();
    const [a, b] = members.map(({ self }) => self) as [string, string];
    const altered: Messages = copyOf(messages);
    delete altered[a]!.sealed[b];
    const stranger: SharesMessage = copyOf(messages[a]!);
    stranger.sealed['0xstranger'] = stranger.sealed[b]!;
    stranger.commitments['0xstranger'] = stranger.commitments[b]!;
    altered['0xstranger'] = stranger;
    expect(sharersOf(keyring, altered)).toEqual(sharersOf(keyring, messages).filter((id) => id !== a));
  });
});

describe('checkKeyring', () => {
  it('names keys of low order and copied keys, and passes good ones', async () => {
    const { keyring, members } = await setUp();
    expect(checkKeyring(nodeCrypto, keyring)).toEqual([]);
    const [a, b] = members.map(({ self }) => self).sort() as [string, string];
    const low = { ...keyring, [a]: { ...keyring[a]!, maskPublic: '00'.repeat(32) } };
    expect(checkKeyring(nodeCrypto, low)).toMatchObject([{ kind: 'bad-key', culprit: a }]);
    const copied = { ...keyring, [b]: { ...keyring[b]!, cipherPublic: keyring[a]!.cipherPublic } };
    expect(checkKeyring(nodeCrypto, copied)).toMatchObject([{ kind: 'copied-key' }]);
  });
});
