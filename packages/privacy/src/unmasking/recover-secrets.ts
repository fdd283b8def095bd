import { z } from 'zod';
import type { AggregationCrypto } from '../crypto-port.ts';
import type { PrivacyFault } from '../fault.ts';
import { orderMembers } from '../graph.ts';
import { fromHex, hexSchema, toHex } from '../hex.ts';
import type { RoundContext } from '../round-context.ts';
import { commitToShare, type ShareKind, type ShareName } from '../secrets/create-shares.ts';
import type { SharesBySender } from '../secrets/open-shares.ts';
import { commitToSelfSeed, type Keyring } from '../secrets/round-secrets.ts';
import type { UnmaskAnswer } from './unmask-answer.ts';

/** The secrets that were opened, hexadecimal; the aggregator posts them with the sum, so that anybody can replay it. */
export const openedSecretsSchema = z.strictObject({
  selfSeeds: z.record(z.string(), hexSchema(32)),
  maskSecrets: z.record(z.string(), hexSchema(32)),
});
export type OpenedSecrets = z.infer<typeof openedSecretsSchema>;

/** Everything of a round that its log holds before unmasking, and the answers. */
export interface RecoveryInput {
  readonly context: RoundContext;
  readonly keyring: Keyring;
  readonly shares: SharesBySender;
  /** `Thresholds.shares` */
  readonly threshold: number;
  readonly survivors: readonly string[];
  readonly dropouts: readonly string[];
  readonly answers: Readonly<Record<string, UnmaskAnswer>>;
}

/**
 * `wrong-opening`: the culprit opened a share that contradicts the dealer's commitment. `wrong-kind`: it opened a share
 * that it must not. `inconsistent-shares`: the culprit dealt shares that don't give back the secret it committed to.
 */
export type RecoveryFault = PrivacyFault<'wrong-opening' | 'wrong-kind' | 'inconsistent-shares' | 'too-few-shares'>;

/** All secrets, or why not; faults of some members don't hinder while enough others are right. */
export interface Recovery {
  readonly opened: OpenedSecrets | undefined;
  readonly faults: readonly RecoveryFault[];
}

/** Gathers the shares opened by the survivors, checks each against its commitment, and combines them. */
export async function recoverSecrets(crypto: AggregationCrypto, input: RecoveryInput): Promise<Recovery> {
  const faults: RecoveryFault[] = findWrongKinds(input);
  const recoverAll = async (dealers: readonly string[], kind: ShareKind) => {
    const secrets: Record<string, string> = {};
    for (const dealer of orderMembers(dealers)) {
      const secret = await recoverOne(crypto, input, { dealer, kind }, faults);
      if (secret !== undefined) secrets[dealer] = secret;
    }
    return secrets;
  };
  const selfSeeds = await recoverAll(input.survivors, 'selfSeed');
  const maskSecrets = await recoverAll(input.dropouts, 'maskSecret');
  const complete =
    Object.keys(selfSeeds).length === input.survivors.length &&
    Object.keys(maskSecrets).length === input.dropouts.length;
  return { opened: complete ? { selfSeeds, maskSecrets } : undefined, faults };
}

/** Whether an opened secret is the one whose public part stands in the signed keys. */
export function isCommittedSecret(
  crypto: AggregationCrypto,
  { context, keyring }: { context: RoundContext; keyring: Keyring },
  { dealer, kind }: { dealer: string; kind: ShareKind },
  secret: string,
): boolean {
  const keys = keyring[dealer];
  if (keys === undefined) return false;
  return kind === 'selfSeed'
    ? commitToSelfSeed(crypto, context, dealer, secret) === keys.selfSeedCommitment
    : toHex(crypto.x25519PublicKey(fromHex(secret))) === keys.maskPublic;
}

async function recoverOne(
  crypto: AggregationCrypto,
  input: RecoveryInput,
  { dealer, kind }: { dealer: string; kind: ShareKind },
  faults: RecoveryFault[],
): Promise<string | undefined> {
  const valid: string[] = [];
  for (const recipient of orderMembers(Object.keys(input.answers))) {
    const share = openedShare(input.answers[recipient]!, { dealer, kind });
    if (share === undefined) continue;
    const name = { dealer, recipient, kind };
    if (commitToShare(crypto, input.context, name, share) === commitmentOf(input.shares, name)) valid.push(share);
    else faults.push(wrongOpening(name, share));
  }
  if (valid.length < input.threshold) {
    const message = `${valid.length} shares of ${dealer} were opened, ${input.threshold} are needed.`;
    faults.push({ kind: 'too-few-shares', message });
    return undefined;
  }
  const used = valid.slice(0, input.threshold);
  const secret = await combine(crypto, used);
  if (secret !== undefined && isCommittedSecret(crypto, input, { dealer, kind }, secret)) return secret;
  const message = `The shares dealt by ${dealer} don't give the secret that it committed to.`;
  faults.push({ kind: 'inconsistent-shares', culprit: dealer, message, evidence: { kind, shares: used } });
  return undefined;
}

/** Undefined where a dealer gave two recipients the same place, which the package refuses. */
async function combine(crypto: AggregationCrypto, shares: readonly string[]): Promise<string | undefined> {
  const bytes = shares.map(fromHex);
  const places = new Set(bytes.map((share) => share.at(-1)));
  if (places.size < shares.length || places.has(0)) return undefined;
  return toHex(await crypto.combineShares(bytes));
}

function openedShare(answer: UnmaskAnswer, { dealer, kind }: { dealer: string; kind: ShareKind }): string | undefined {
  return kind === 'selfSeed' ? answer.selfSeeds[dealer] : answer.maskSecrets[dealer];
}

function commitmentOf(shares: SharesBySender, { dealer, recipient, kind }: ShareName): string | undefined {
  return shares[dealer]?.commitments[recipient]?.[kind];
}

function wrongOpening(name: ShareName, share: string): RecoveryFault {
  const { dealer, recipient, kind } = name;
  const message = `${recipient} opened another share of ${dealer} than the one committed to.`;
  return { kind: 'wrong-opening', culprit: recipient, message, evidence: { dealer, recipient, kind, share } };
}

/** Shares of the other kind, which a faulty member opened: they would unmask somebody, so nobody may use them. */
function findWrongKinds(input: RecoveryInput): RecoveryFault[] {
  return orderMembers(Object.keys(input.answers)).flatMap((recipient) => {
    const answer = input.answers[recipient]!;
    const wrong = [
      ...Object.keys(answer.selfSeeds).filter((id) => !input.survivors.includes(id)),
      ...Object.keys(answer.maskSecrets).filter((id) => !input.dropouts.includes(id)),
    ];
    if (wrong.length === 0) return [];
    const message = `${recipient} opened shares that nobody may open: of ${wrong.join(', ')}.`;
    return [{ kind: 'wrong-kind' as const, culprit: recipient, message, evidence: answer }];
  });
}
