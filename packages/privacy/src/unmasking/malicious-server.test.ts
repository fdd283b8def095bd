import { describe, expect, it } from 'vitest';
import { replyToUnmask } from '../member.ts';
import { nodeCrypto } from '../node/node-crypto.ts';
import { copyOf, type UploadedRoundState, uploadRound } from '../testing/round.ts';
import { sign, verify } from '../testing/signatures.ts';
import { survivorStatement, type UnmaskRequest, unmaskRequestSchema, uploadStatement } from './survivor-set.ts';

const values = (members: number) => Array.from({ length: members }, (_, index) => Uint16Array.of(index, 100 + index));

/** The request with changed lists, signed anew by everybody named: as if all others worked for the server. */
function signedAnew(round: UploadedRoundState, change: (request: UnmaskRequest) => void): UnmaskRequest {
  const request = copyOf(round.request);
  change(request);
  const roots = Object.fromEntries(Object.entries(request.survivors).map(([id, { root }]) => [id, root]));
  const { keyring } = round.aggregator;
  const { context, sharers } = request;
  const statement = survivorStatement(nodeCrypto, { context, keyring, sharers, roots });
  request.signatures = Object.fromEntries(Object.keys(roots).map((id) => [id, sign(id, statement)]));
  return request;
}

/** What the first member answers. */
const ask = (round: UploadedRoundState, request: UnmaskRequest, member = round.members[0]!) =>
  replyToUnmask(nodeCrypto, member, request, verify);

const refusalOf = (reply: ReturnType<typeof ask>) => (reply.ok ? 'answered' : reply.refusal.kind);

describe('a member asked to unmask', () => {
  it('answers an honest request, and again the same when asked again', async () => {
    const round = await uploadRound({ members: 7, values: values(7), beforeUpload: [2] });
    const first = ask(round, round.request);
    expect(first.ok && Object.keys(first.answer.selfSeeds)).toHaveLength(6);
    expect(first.ok && Object.keys(first.answer.maskSecrets)).toEqual(round.request.dropouts);
    const stored = first.ok ? copyOf(first.state) : round.members[0]!;
    const again = ask(round, round.request, stored);
    expect(again.ok && first.ok && again.answer).toEqual(first.ok && first.answer);
    expect(unmaskRequestSchema.parse(round.request)).toEqual(round.request);
  });

  it('refuses a member both alive and dead', async () => {
    const round = await uploadRound({ members: 7, values: values(7), beforeUpload: [2] });
    const victim = round.members[3]!.self;
    const request = signedAnew(round, ({ dropouts }) => dropouts.push(victim));
    const reply = ask(round, request);
    expect(refusalOf(reply)).toBe('alive-and-dead');
    expect(!reply.ok && reply.refusal.evidence).toBe(request);
    expect(!reply.ok && reply.refusal.message).toContain(victim);
  });

  it('refuses to answer another request of the same attempt, and holds both as evidence', async () => {
    const round = await uploadRound({ members: 7, values: values(7) });
    const victim = round.members[3]!.self;
    const first = ask(round, round.request);
    const second = signedAnew(round, (request) => {
      delete request.survivors[victim];
      request.dropouts.push(victim);
    });
    expect(refusalOf(ask(round, second))).toBe('answered');
    const reply = ask(round, second, first.ok ? copyOf(first.state) : undefined);
    expect(refusalOf(reply)).toBe('second-request');
    expect(!reply.ok && reply.refusal.evidence).toEqual([round.request, second]);
    // So nobody ever got both kinds of share of the victim.
    expect(first.ok && first.answer.maskSecrets[victim]).toBeUndefined();
  });

  it('refuses a replayed request of another round or attempt', async () => {
    const [old, round] = [
      await uploadRound({ members: 4, values: values(4), round: 1 }),
      await uploadRound({ members: 4, values: values(4), round: 2 }),
    ];
    expect(refusalOf(ask(round, old.request))).toBe('wrong-round');
    const renamed = { ...copyOf(old.request), context: round.request.context };
    expect(refusalOf(ask(round, renamed))).toBe('split-view');
    const attempt = signedAnew(round, (request) => (request.context.attempt = 1));
    expect(refusalOf(ask(round, attempt))).toBe('wrong-round');
  });

  it('refuses a set that fewer than the quorum signed, and at five members one that not all survivors signed', async () => {
    const large = await uploadRound({ members: 9, values: values(9) });
    const request = copyOf(large.request);
    const signers = Object.keys(request.signatures);
    // 9 members, a third corrupt: 7 have to sign.
    for (const id of signers.slice(7)) delete request.signatures[id];
    expect(refusalOf(ask(large, request))).toBe('answered');
    request.signatures[signers[6]!] = request.signatures[signers[5]!]!;
    expect(refusalOf(ask(large, request))).toBe('no-quorum');

    const small = await uploadRound({ members: 5, values: values(5) });
    const partial = copyOf(small.request);
    delete partial.signatures[Object.keys(partial.signatures)[0]!];
    expect(refusalOf(ask(small, partial))).toBe('no-quorum');
  });

  it('counts no signature of another set, and none of someone who is not a survivor', async () => {
    const round = await uploadRound({ members: 9, values: values(9), beforeUpload: [1] });
    const request = copyOf(round.request);
    const other = signedAnew(round, ({ survivors }) => delete survivors[round.members[5]!.self]);
    request.signatures = other.signatures;
    expect(refusalOf(ask(round, request))).toBe('no-quorum');
    const statement = survivorStatement(nodeCrypto, {
      ...round.aggregator,
      sharers: request.sharers,
      roots: Object.fromEntries(Object.entries(request.survivors).map(([id, { root }]) => [id, root])),
    });
    const signers = [...Object.keys(request.survivors).slice(0, 6), ...request.dropouts];
    request.signatures = Object.fromEntries(signers.map((id) => [id, sign(id, statement)]));
    expect(refusalOf(ask(round, request))).toBe('no-quorum');
  });

  it('refuses fewer than three survivors, unless the plan says two', async () => {
    const shrink = (round: UploadedRoundState) =>
      signedAnew(round, (request) => {
        for (const { self } of round.members.slice(2)) {
          delete request.survivors[self];
          request.dropouts.push(self);
        }
      });
    const plan = { corrupt: 0 };
    const round = await uploadRound({ members: 3, values: values(3), plan });
    expect(refusalOf(ask(round, shrink(round)))).toBe('too-few-survivors');
    const lenient = await uploadRound({ members: 3, values: values(3), plan: { ...plan, minSurvivors: 2 } });
    expect(refusalOf(ask(lenient, shrink(lenient)))).toBe('answered');
  });

  it('refuses lists that name strangers, leave somebody out, or name somebody twice', async () => {
    const round = await uploadRound({ members: 7, values: values(7), beforeUpload: [2] });
    const change = (edit: (request: UnmaskRequest) => void) => refusalOf(ask(round, signedAnew(round, edit)));
    expect(change(({ dropouts }) => dropouts.push('0xstranger'))).toBe('unknown-member');
    expect(change(({ dropouts }) => dropouts.pop())).toBe('split-view');
    expect(change(({ dropouts }) => dropouts.push(dropouts[0]!))).toBe('listed-twice');
    expect(change(({ survivors }) => delete survivors[round.members[4]!.self])).toBe('split-view');
    const self = round.members[0]!.self;
    expect(
      change((request) => {
        delete request.survivors[self];
        request.dropouts.push(self);
      }),
    ).toBe('not-a-survivor');
  });

  it('refuses another root for its own upload, and a root that its member did not sign', async () => {
    const round = await uploadRound({ members: 7, values: values(7) });
    const [self, other] = [round.members[0]!.self, round.members[1]!.self];
    const swap = (id: string, from: string) =>
      signedAnew(round, ({ survivors }) => (survivors[id]!.root = survivors[from]!.root));
    expect(refusalOf(ask(round, swap(self, other)))).toBe('split-view');
    expect(refusalOf(ask(round, swap(other, self)))).toBe('unsigned-upload');
  });

  it('refuses an upload that was signed against swapped keys', async () => {
    const round = await uploadRound({ members: 7, values: values(7) });
    const victim = round.members[3]!.self;
    const keyring = copyOf(round.aggregator.keyring) as Record<string, { maskPublic: string }>;
    keyring[round.members[4]!.self]!.maskPublic = '09'.padEnd(64, '0');
    const { context } = round.request;
    const request = signedAnew(round, ({ survivors, sharers }) => {
      const claim = { context, sharers, self: victim, root: survivors[victim]!.root };
      const statement = uploadStatement(nodeCrypto, { ...claim, keyring: keyring as never });
      survivors[victim]!.signature = sign(victim, statement);
    });
    expect(refusalOf(ask(round, request))).toBe('unsigned-upload');
  });
});
