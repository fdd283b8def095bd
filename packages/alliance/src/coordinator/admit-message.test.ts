import { digestOfBytes } from '@skein/core';
import { describe, expect, it } from 'vitest';
import type { Message, MessageKind } from '../message.ts';
import { candidateSeconds } from '../plan.ts';
import { memberAt, OPENED_AT, sampleDigest, sampleFacts } from '../testing/sample-facts.ts';
import { samplePlan } from '../testing/sample-plan.ts';
import { admitMessage, type KnownMessages, uploadSizeBytes } from './admit-message.ts';
import { openRoundState, type RoundState } from './round-state.ts';

const plan = samplePlan();
const facts = sampleFacts(4, OPENED_AT + candidateSeconds(plan));
const members = [0, 1, 2, 3].map(memberAt);
const key = (digit: string) => `0x${digit.repeat(64)}`;
const log = { size: 7, root: sampleDigest };
const otherDigest = digestOfBytes(Uint8Array.of(2));
const known: KnownMessages = {
  keysRoot: sampleDigest,
  sharesRoot: sampleDigest,
  uploadsRoot: sampleDigest,
  publicKeys: new Map([[key('a'), memberAt(1)]]),
};

function admit(phase: RoundState['phase'], kind: MessageKind, body: object, more: Partial<Message> = {}) {
  const survivors = members.slice(0, 3);
  const state: RoundState = { ...openRoundState(plan, facts), phase, keyed: members, cohort: members, survivors };
  const place = { protocol: 'skein/1', alliance: '1', round: 1, attempt: 0, sender: memberAt(0), signature: '0x' };
  const message = { ...place, kind, body, ...more } as Message;
  const admission = admitMessage(plan, state, facts, { message, known, logRoot: sampleDigest });
  return admission.ok ? 'ok' : admission.fault;
}

const keys = { cipherKey: key('b'), maskKey: key('c'), selfSeedCommitment: key('d'), log };
const perMember = <Value>(value: Value, who = members) => Object.fromEntries(who.map((address) => [address, value]));
const commitments = perMember({ selfSeed: key('1'), maskSecret: key('2') });
const shares = { keys: sampleDigest, sealed: perMember('0x00'), commitments };
const sizeBytes = uploadSizeBytes(plan, 4)!;
const upload = { cohort: members, shares: sampleDigest, root: sampleDigest, sizeBytes, log };
const sum = { sum: sampleDigest, sumBytes: 4000, model: sampleDigest, modelBytes: 20_100 };
const set = { cohort: '15', survivors: '7', uploadsRoot: sampleDigest };

describe('what the hub takes', () => {
  it.each<[string, string, () => string]>([
    ['ok', 'keys', () => admit('keys', 'round/keys/1', keys)],
    [
      'contradicts',
      "keys with another member's key",
      () => admit('keys', 'round/keys/1', { ...keys, maskKey: key('a') }),
    ],
    ['contradicts', 'one key for both uses', () => admit('keys', 'round/keys/1', { ...keys, maskKey: keys.cipherKey })],
    [
      'contradicts',
      'a key of low order',
      () => admit('keys', 'round/keys/1', { ...keys, maskKey: `0x${'01'.padEnd(64, '0')}` }),
    ],
    [
      'contradicts',
      'keys that name another log',
      () => admit('keys', 'round/keys/1', { ...keys, log: { ...log, root: otherDigest } }),
    ],
    [
      'contradicts',
      'an upload that names another log',
      () => admit('upload', 'round/upload/1', { ...upload, log: { ...log, root: otherDigest } }),
    ],
    ['ok', 'a sum', () => admit('sum', 'round/sum/1', sum)],
    ['contradicts', 'a sum of any size', () => admit('sum', 'round/sum/1', { ...sum, sumBytes: 4001 })],
    ['contradicts', 'a model of any size', () => admit('sum', 'round/sum/1', { ...sum, modelBytes: 2 ** 34 })],
    ['not-a-member', 'keys of a stranger', () => admit('keys', 'round/keys/1', keys, { sender: memberAt(9) })],
    ['late', 'keys after their phase', () => admit('shares', 'round/keys/1', keys)],
    ['early', 'shares before their phase', () => admit('keys', 'round/shares/1', shares)],
    ['wrong-attempt', 'keys of a later attempt', () => admit('keys', 'round/keys/1', keys, { attempt: 1 })],
    ['ok', 'shares', () => admit('shares', 'round/shares/1', shares)],
    ['contradicts', 'shares for other keys', () => admit('shares', 'round/shares/1', { ...shares, keys: 'sha256:0' })],
    [
      'contradicts',
      'shares for some',
      () => admit('shares', 'round/shares/1', { ...shares, sealed: perMember('0x', members.slice(1)) }),
    ],
    ['ok', 'an upload', () => admit('upload', 'round/upload/1', upload)],
    [
      'contradicts',
      'an upload of another size',
      () => admit('upload', 'round/upload/1', { ...upload, sizeBytes: 4000 }),
    ],
    [
      'contradicts',
      'an upload for another cohort',
      () => admit('upload', 'round/upload/1', { ...upload, cohort: members.slice(1) }),
    ],
    ['ok', 'the survivor set', () => admit('survivors', 'round/survivors/1', set)],
    ['contradicts', 'another survivor set', () => admit('survivors', 'round/survivors/1', { ...set, survivors: '15' })],
    [
      'ok',
      'openings',
      () =>
        admit('unmask', 'round/unmask/1', {
          selfSeeds: perMember('0x', members.slice(0, 3)),
          maskSecrets: perMember('0x', members.slice(3)),
        }),
    ],
    [
      'contradicts',
      'an opened seed of a dropped member',
      () => admit('unmask', 'round/unmask/1', { selfSeeds: perMember('0x'), maskSecrets: {} }),
    ],
    [
      'contradicts',
      'an opened mask secret of a survivor',
      () => admit('unmask', 'round/unmask/1', { selfSeeds: {}, maskSecrets: perMember('0x') }),
    ],
    [
      'contradicts',
      'a check of a sum that nobody posted',
      () => admit('commit', 'round/check/1', { sum: sampleDigest, products: [] }),
    ],
    ['ok', 'a report at any time', () => admit('sum', 'round/report/1', {})],
  ])('%s: %s', (expected, _, act) => {
    expect(act()).toBe(expected);
  });
});
