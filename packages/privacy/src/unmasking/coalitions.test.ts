import { describe, expect, it } from 'vitest';
import { addPacked, reduceSum } from '../encoding/pack.ts';
import { createMaskRun } from '../masking/apply-masks.ts';
import { pairMask, selfMask } from '../masking/mask-keys.ts';
import { uploadRoot } from '../masking/upload-root.ts';
import type { MemberState } from '../member-state.ts';
import { receiveShares, recordUpload, replyToUnmask } from '../member.ts';
import { nodeCrypto } from '../node/node-crypto.ts';
import { copyOf, shareRound, type UploadedRoundState, uploadOf, uploadRound } from '../testing/round.ts';
import { sign, verify } from '../testing/signatures.ts';
import { recoverSecrets } from './recover-secrets.ts';
import { survivorStatement, type UnmaskRequest, uploadStatement } from './survivor-set.ts';
import { answerUnmask, type UnmaskAnswer } from './unmask-answer.ts';

const values = (members: number) => Array.from({ length: members }, (_, index) => Uint16Array.of(7 * index + 1, 50));

/** A request for the given survivors, with whatever signatures the server could get: members sign one set each. */
function requestFor(round: UploadedRoundState, alive: readonly string[], signers: readonly string[]): UnmaskRequest {
  const { context, sharers, survivors: claims } = round.request;
  const survivors = Object.fromEntries(alive.map((id) => [id, claims[id]!]));
  const roots = Object.fromEntries(alive.map((id) => [id, claims[id]!.root]));
  const statement = survivorStatement(nodeCrypto, { context, keyring: round.aggregator.keyring, sharers, roots });
  const signatures = Object.fromEntries(signers.map((id) => [id, sign(id, statement)]));
  return { context, sharers, survivors, dropouts: sharers.filter((id) => !alive.includes(id)), signatures };
}

/** Everything a coalition can open: all shares of the corrupt members, both kinds, and the honest answers. */
function coalitionAnswers(
  corrupt: readonly MemberState[],
  honest: Record<string, UnmaskAnswer>,
  sharers: readonly string[],
): Record<string, UnmaskAnswer> {
  const everything = { survivors: sharers, dropouts: sharers };
  return {
    ...honest,
    ...Object.fromEntries(corrupt.map(({ self, received }) => [self, answerUnmask(received!.opened, everything)])),
  };
}

/** The secrets that a set of answers gives up, whatever lists they were made for. */
async function recoverable(round: UploadedRoundState, answers: Record<string, UnmaskAnswer>, id: string) {
  const { context, keyring, thresholds, shared } = round.aggregator;
  const input = { context, keyring, shares: shared!.messages, threshold: thresholds.shares, answers };
  const seed = await recoverSecrets(nodeCrypto, { ...input, survivors: [id], dropouts: [] });
  const secret = await recoverSecrets(nodeCrypto, { ...input, survivors: [], dropouts: [id] });
  return { selfSeed: seed.opened !== undefined, maskSecret: secret.opened !== undefined };
}

describe('server and colluding members together', () => {
  it('get both secrets of nobody by showing two survivor sets, at every split of nine with three corrupt', async () => {
    const round = await uploadRound({ members: 9, values: values(9) });
    const ids = round.members.map(({ self }) => self);
    const corrupt = round.members.slice(0, 3);
    const honest = round.members.slice(3);
    const victim = honest[0]!.self;
    const without = ids.filter((id) => id !== victim);
    let answered = 0;
    for (let split = 0; split <= honest.length; split++) {
      // Each honest member signs the set that it is shown, the corrupt sign both.
      const [left, right] = [honest.slice(0, split), honest.slice(split)];
      const signersOf = (group: readonly MemberState[]) => [...corrupt, ...group].map(({ self }) => self);
      const first = requestFor(round, ids, signersOf(left));
      const second = requestFor(
        round,
        without,
        signersOf(right).filter((id) => id !== victim),
      );
      const answers: Record<string, UnmaskAnswer> = {};
      for (const [group, request] of [
        [left, first],
        [right, second],
      ] as const) {
        for (const member of group) {
          const reply = replyToUnmask(nodeCrypto, member, request, verify);
          if (reply.ok) answers[member.self] = reply.answer;
        }
      }
      answered += Object.keys(answers).length;
      const got = await recoverable(round, coalitionAnswers(corrupt, answers, ids), victim);
      expect(got.selfSeed && got.maskSecret).toBe(false);
    }
    // The extreme splits are honest requests and are answered, so the test isn't empty.
    expect(answered).toBeGreaterThan(5);
  });

  it('at five, with one liar in both sets, get no two sets answered', async () => {
    const round = await uploadRound({ members: 5, values: values(5) });
    const [liar, a, b, c, d] = round.members as [MemberState, MemberState, MemberState, MemberState, MemberState];
    const sets = [
      [liar, a, b],
      [liar, c, d],
    ].map((group) => group.map(({ self }) => self));
    for (const [index, member] of [a, c].entries()) {
      const reply = replyToUnmask(nodeCrypto, member, requestFor(round, sets[index]!, sets[index]!), verify);
      expect(reply.ok ? 'answered' : reply.refusal.kind).toBe('no-quorum');
    }
  });

  it('can recover nothing from one share fewer than the threshold', async () => {
    const round = await uploadRound({ members: 8, values: values(8) });
    const { shares } = round.aggregator.thresholds;
    const ids = round.members.map(({ self }) => self);
    const victim = ids[7]!;
    const few = coalitionAnswers(round.members.slice(0, shares - 1), {}, ids);
    expect(await recoverable(round, few, victim)).toEqual({ selfSeed: false, maskSecret: false });
    const enough = coalitionAnswers(round.members.slice(0, shares), {}, ids);
    expect(await recoverable(round, enough, victim)).toEqual({ selfSeed: true, maskSecret: true });
  });

  it('learn of a member no more than the sum: its upload stays masked by each honest pair', async () => {
    const round = await uploadRound({ members: 4, values: values(4) });
    const { context, keyring, bits } = round.aggregator;
    const [liar, , victim] = round.members as [MemberState, MemberState, MemberState];
    // The hub knows the victim's opened seed and, from the liar, the mask that it shares with the victim.
    const left = new Uint32Array(2);
    addPacked(left, round.uploads.get(victim.self)!, bits);
    const shared = pairMask(nodeCrypto, {
      context,
      self: liar.self,
      peer: victim.self,
      maskSecret: liar.secrets.maskSecret,
      peerPublic: keyring[victim.self]!.maskPublic,
    });
    const own = selfMask(nodeCrypto, context, victim.self, victim.secrets.selfSeed);
    createMaskRun(nodeCrypto, [shared, { ...own, sign: -1 }]).apply(left);
    const truth = round.values.get(victim.self)!;
    expect([...reduceSum(left, bits)]).not.toEqual([...truth]);
    // With the masks of the two honest ones it would be bare: those are what protects it.
    const honest = round.members.filter((member) => member !== liar && member !== victim);
    const rest = honest.map((member) =>
      pairMask(nodeCrypto, {
        context,
        self: member.self,
        peer: victim.self,
        maskSecret: member.secrets.maskSecret,
        peerPublic: keyring[victim.self]!.maskPublic,
      }),
    );
    createMaskRun(nodeCrypto, rest).apply(left);
    expect([...reduceSum(left, bits)]).toEqual([...truth]);
  });

  it('cannot isolate a member by showing it only colluders as sharers: the others do not unmask it', async () => {
    const members = 7;
    const { context, keyring, messages, members: sharing } = await shareRound({ members, values: values(members) });
    const victim = sharing[6]!;
    const corrupt = sharing.slice(0, 2);
    const visible = Object.fromEntries([victim, ...corrupt].map(({ self }) => [self, messages[self]!]));
    const uploaded = sharing.map((member) => {
      const shown = member === victim ? visible : messages;
      const { state } = receiveShares(nodeCrypto, member, shown);
      const root = uploadRoot(nodeCrypto, uploadOf(state, Uint16Array.of(5, 6), 19));
      return recordUpload(state, root);
    });
    const sharers = uploaded[0]!.received!.sharers;
    const claims = Object.fromEntries(
      uploaded.map(({ self, uploadRoot: root, received }) => {
        const claim = { context, keyring, sharers: received!.sharers, self, root: root! };
        return [self, { root: root!, signature: sign(self, uploadStatement(nodeCrypto, claim)) }];
      }),
    );
    const roots = Object.fromEntries(uploaded.map(({ self, uploadRoot: root }) => [self, root!]));
    const statement = survivorStatement(nodeCrypto, { context, keyring, sharers, roots });
    const signatures = Object.fromEntries(uploaded.map(({ self }) => [self, sign(self, statement)]));
    const request = { context, sharers: [...sharers], survivors: claims, dropouts: [], signatures };
    for (const member of uploaded.slice(2, 6)) {
      const reply = replyToUnmask(nodeCrypto, member, copyOf(request), verify);
      expect(!reply.ok && reply.refusal).toMatchObject({ kind: 'unsigned-upload' });
      expect(!reply.ok && reply.refusal.message).toContain(victim.self);
    }
  });
});
