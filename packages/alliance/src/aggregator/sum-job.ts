import type { Digest } from '@skein/core';
import {
  type Keyring,
  type OpenedSecrets,
  type RecoveryFault,
  type RoundContext,
  recoverSecrets,
  sumBits,
} from '@skein/privacy';
import { vectorLength } from '../coordinator/admit-message.ts';
import { shareThreshold } from '../coordinator/quorums.ts';
import type { RoundMessages } from '../messages/round-messages.ts';
import { answersBySender, keyringOf, sharesBySender } from '../messages/privacy-bodies.ts';
import type { Plan } from '../plan.ts';
import type { Address } from '../units.ts';
import type { AggregationCrypto } from '@skein/privacy';

/** Everything that fixes a round's sum and next model, but for the blobs themselves. Plain JSON. */
export interface SumJob {
  /** Global model that the round starts from. */
  readonly model: Digest;
  readonly modelBytes: number;
  /** Ordered; with the root and size of each one's upload. */
  readonly uploads: readonly { readonly sender: Address; readonly root: Digest; readonly sizeBytes: number }[];
  /** Null in clear mode. */
  readonly secure: {
    readonly context: RoundContext;
    readonly keyring: Keyring;
    readonly sharers: readonly Address[];
    readonly opened: OpenedSecrets;
    readonly length: number;
    readonly bits: number;
  } | null;
}

/** Where a round stands for whoever adds up or replays. */
export interface SumPlace {
  readonly plan: Plan;
  readonly alliance: string;
  readonly round: number;
  readonly model: Digest;
  readonly modelBytes: number;
  /** How many members the alliance had when the round was opened. */
  readonly members: number;
  readonly keyed: readonly Address[];
  readonly cohort: readonly Address[];
  readonly survivors: readonly Address[];
}

/** The job, or what is still missing, or who made it impossible. */
export type SumJobResult =
  | { readonly ok: true; readonly job: SumJob; readonly faults: readonly RecoveryFault[] }
  | { readonly ok: false; readonly missing: readonly string[]; readonly faults: readonly RecoveryFault[] };

/**
 * Gathers what the sum needs from the verified messages of a round: uploads, and in secure mode the secrets that the
 * survivors' openings give. Anybody gets the same job from the same messages; different openings give the same secrets.
 */
export async function sumJobOf(
  crypto: AggregationCrypto,
  place: SumPlace,
  messages: RoundMessages,
): Promise<SumJobResult> {
  const { plan, model, modelBytes, survivors, cohort, keyed } = place;
  const announced = messages.all('round/upload/1', 0, survivors);
  if (announced === undefined) return { ok: false, missing: ['uploads'], faults: [] };
  const uploads = announced.map(({ sender, body }) => ({ sender, root: body.root, sizeBytes: body.sizeBytes }));
  if (plan.aggregation.kind === 'clear')
    return { ok: true, job: { model, modelBytes, uploads, secure: null }, faults: [] };

  const keys = messages.all('round/keys/1', 0, keyed);
  const shares = messages.all('round/shares/1', 0, cohort);
  if (keys === undefined || shares === undefined) return { ok: false, missing: ['keys or shares'], faults: [] };
  const context = { alliance: place.alliance, round: place.round, attempt: 0 };
  const keyring = keyringOf(keys);
  const { opened, faults } = await recoverSecrets(crypto, {
    context,
    keyring,
    shares: sharesBySender(shares),
    threshold: shareThreshold(plan, place.members, keyed.length),
    survivors,
    dropouts: cohort.filter((address) => !survivors.includes(address)),
    answers: answersBySender(messages.some('round/unmask/1', 0, survivors)),
  });
  if (opened === undefined) return { ok: false, missing: ['opened shares'], faults };
  const secure = {
    context,
    keyring,
    sharers: [...cohort],
    opened,
    length: vectorLength(plan),
    bits: sumBits(cohort.length),
  };
  return { ok: true, job: { model, modelBytes, uploads, secure }, faults };
}
