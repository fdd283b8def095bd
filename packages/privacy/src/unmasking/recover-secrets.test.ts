import { describe, expect, it } from 'vitest';
import { toHex } from '../hex.ts';
import { nodeCrypto } from '../node/node-crypto.ts';
import { commitToShare } from '../secrets/create-shares.ts';
import { answersOf, copyOf, plainSum, sumOf, type UploadedRoundState, uploadRound } from '../testing/round.ts';
import { unmaskAnswerSchema } from './unmask-answer.ts';

const values = (members: number) => Array.from({ length: members }, (_, index) => Uint16Array.of(index + 1, 65535));
const start = () => uploadRound({ members: 7, values: values(7), beforeUpload: [3] });

/** Shares dealt by `dealer` become random, with commitments that fit: a dealer that cheats from the start. */
async function redeal(round: UploadedRoundState, dealer: string): Promise<UploadedRoundState> {
  const { context, thresholds } = round.aggregator;
  const aggregator = copyOf(round.aggregator);
  const shares = await nodeCrypto.splitSecret(nodeCrypto.randomBytes(32), 7, thresholds.shares);
  const members = round.members.map((member, index) => {
    const selfSeed = toHex(shares[index]!);
    const recipient = member.self;
    const name = { dealer, recipient, kind: 'selfSeed' as const };
    aggregator.shared!.messages[dealer]!.commitments[recipient]!.selfSeed = commitToShare(
      nodeCrypto,
      context,
      name,
      selfSeed,
    );
    const opened = { ...member.received!.opened, [dealer]: { ...member.received!.opened[dealer]!, selfSeed } };
    return { ...member, received: { ...member.received!, opened } };
  });
  return { ...round, aggregator, members };
}

describe('answers to an unmask request', () => {
  it('give the sum; a wrong opening convicts its sender and does no harm while enough are right', async () => {
    const round = await start();
    const answers = copyOf(answersOf(round));
    const [liar, dealer] = [round.members[0]!.self, round.members[1]!.self];
    answers[liar]!.selfSeeds[dealer] = answers[liar]!.selfSeeds[liar]!;
    const result = await sumOf(round, answers);
    expect(result.ok && result.sum).toEqual(plainSum(round));
    expect(result.faults).toMatchObject([{ kind: 'wrong-opening', culprit: liar }]);
    expect(unmaskAnswerSchema.parse(answers[liar])).toEqual(answers[liar]);
  });

  it('that are too few give no sum, and blame nobody', async () => {
    const round = await start();
    const result = await sumOf(round, answersOf(round, [0, 1, 2]));
    expect(result.ok).toBe(false);
    expect(result.faults).toHaveLength(7);
    expect(result.faults.every(({ kind, culprit }) => kind === 'too-few-shares' && culprit === undefined)).toBe(true);
  });

  it('with shares of the other kind convict their sender', async () => {
    const round = await start();
    const answers = copyOf(answersOf(round));
    const [liar, victim] = [round.members[0]!, round.members[1]!.self];
    answers[liar.self]!.maskSecrets[victim] = liar.received!.opened[victim]!.maskSecret;
    const result = await sumOf(round, answers);
    expect(result.ok).toBe(true);
    expect(result.faults).toMatchObject([{ kind: 'wrong-kind', culprit: liar.self }]);
  });

  it('convict a dealer whose committed shares do not give its committed secret', async () => {
    const honest = await start();
    const dealer = honest.members[2]!.self;
    const round = await redeal(honest, dealer);
    const result = await sumOf(round, answersOf(round));
    expect(result.ok).toBe(false);
    expect(result.faults).toMatchObject([{ kind: 'inconsistent-shares', culprit: dealer }]);
  });

  it('convict a dealer that gave two recipients the same place', async () => {
    const honest = await redeal(await start(), (await start()).members[2]!.self);
    const dealer = honest.members[2]!.self;
    const [first, second] = honest.members as [(typeof honest.members)[0], (typeof honest.members)[0]];
    const selfSeed = first.received!.opened[dealer]!.selfSeed;
    const name = { dealer, recipient: second.self, kind: 'selfSeed' as const };
    honest.aggregator.shared!.messages[dealer]!.commitments[second.self]!.selfSeed = commitToShare(
      nodeCrypto,
      honest.aggregator.context,
      name,
      selfSeed,
    );
    const opened = { ...second.received!.opened, [dealer]: { ...second.received!.opened[dealer]!, selfSeed } };
    const members = honest.members.map((member) =>
      member === second ? { ...second, received: { ...second.received!, opened } } : member,
    );
    const result = await sumOf({ ...honest, members }, answersOf({ ...honest, members }, [5]));
    expect(result.ok).toBe(false);
    expect(result.faults).toMatchObject([{ kind: 'inconsistent-shares', culprit: dealer }]);
  });

  it('never hold a share of one dealer in both kinds', async () => {
    const round = await start();
    for (const answer of Object.values(answersOf(round))) {
      const both = Object.keys(answer.selfSeeds).filter((id) => answer.maskSecrets[id] !== undefined);
      expect(both).toEqual([]);
      expect(Object.keys(answer.maskSecrets)).toEqual(round.request.dropouts);
    }
  });
});

describe('stored uploads', () => {
  it('that are gone, altered or of another length give no sum, and convict only who signed a wrong length', async () => {
    const round = await start();
    const answers = answersOf(round);
    const id = round.members[1]!.self;
    const upload = round.uploads.get(id)!;
    const withUpload = (bytes: Uint8Array | undefined) => {
      const uploads = new Map(round.uploads);
      if (bytes === undefined) uploads.delete(id);
      else uploads.set(id, bytes);
      return sumOf({ ...round, uploads }, answers);
    };
    expect((await withUpload(undefined)).faults).toMatchObject([{ kind: 'missing-upload' }]);
    const altered = upload.slice();
    altered[0]! ^= 1;
    expect((await withUpload(altered)).faults).toMatchObject([{ kind: 'altered-upload' }]);
    expect((await withUpload(altered)).faults[0]!.culprit).toBeUndefined();
    const longer = { ...round, aggregator: { ...round.aggregator, length: 3 } };
    const result = await sumOf(longer, answers);
    expect(result.faults).toMatchObject([{ kind: 'malformed-upload', culprit: expect.any(String) as string }]);
  });
});
