import { x25519 } from '@noble/curves/ed25519.js';
import type { Digest } from '@skein/core';
import { packedByteCount, sumBits } from '@skein/privacy';
import { orderAddresses } from '../member-set.ts';
import type { Message, MessageKind, MessageOf } from '../message.ts';
import { opaqueRule, type Plan } from '../plan.ts';
import { PHASES, type Phase } from '../round-view.ts';
import { fromHex } from '../signing/abi-words.ts';
import { messagesRoot } from '../signing/messages-root.ts';
import type { SigningDomain } from '../signing/message-hash.ts';
import { survivorsBodyOf } from '../survivors-body.ts';
import type { Address } from '../units.ts';
import { memberAddresses, type RoundFacts, type RoundState } from './round-state.ts';

/** Phase in which each kind is taken, a replay until the round is decided; a report at any time. */
const PHASE_OF: Readonly<Record<MessageKind, Phase | null>> = {
  'round/keys/1': 'keys',
  'round/shares/1': 'shares',
  'round/upload/1': 'upload',
  'round/survivors/1': 'survivors',
  'round/unmask/1': 'unmask',
  'round/sum/1': 'sum',
  'round/check/1': 'commit',
  'round/replay/1': 'commit',
  'round/report/1': null,
};

/** What the messages accepted so far fix for the next ones; it changes only with the phase, so the hub may keep it. */
export interface KnownMessages {
  /** `messagesRoot` of the keyed members' keys; null before they are fixed. */
  readonly keysRoot: Digest | null;
  /** `messagesRoot` of the cohort's shares. */
  readonly sharesRoot: Digest | null;
  /** `messagesRoot` of the survivors' uploads. */
  readonly uploadsRoot: Digest | null;
  /** All public keys that somebody has sent in this round, with whose they are. */
  readonly publicKeys: ReadonlyMap<string, Address>;
}

/** Computes `KnownMessages` from the round's accepted messages. */
export function knownMessages(domain: SigningDomain, state: RoundState, messages: readonly Message[]): KnownMessages {
  const rootOf = (kind: MessageKind, senders: readonly Address[] | null) =>
    senders &&
    messagesRoot(
      domain,
      messages.filter((message) => message.kind === kind && senders.includes(message.sender)),
    );
  const publicKeys = new Map<string, Address>();
  for (const message of messages) {
    if (message.kind !== 'round/keys/1') continue;
    publicKeys.set(message.body.cipherKey, message.sender).set(message.body.maskKey, message.sender);
  }
  return {
    keysRoot: rootOf('round/keys/1', state.keyed),
    sharesRoot: rootOf('round/shares/1', state.keyed && state.cohort),
    uploadsRoot: rootOf('round/upload/1', state.survivors),
    publicKeys,
  };
}

/** A message that the hub is offered. */
export interface Offer {
  readonly message: Message;
  readonly known: KnownMessages;
  /** Root of the hub's log at the size that the message names in `log`; null where it has never been so long. */
  readonly logRoot: Digest | null;
}

/** A message that may be stored and shown to all, or why not. `early` may be sent again later, `late` may not. */
export type Admission =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly fault: 'not-a-member' | 'early' | 'late' | 'wrong-attempt' | 'contradicts';
      readonly sentence: string;
    };

/**
 * Whether a message that `verifyMessage` let pass fits the round as it stands. It keeps one member's faulty message from
 * stopping all others, who would refuse it; it is no protection against the hub, so members check everything again.
 */
export function admitMessage(plan: Plan, state: RoundState, facts: RoundFacts, offer: Offer): Admission {
  const { message } = offer;
  const { kind, sender, attempt } = message;
  const isAggregator = facts.chain.aggregators.includes(sender);
  if (!memberAddresses(facts).includes(sender) && !(kind === 'round/sum/1' && isAggregator)) {
    return refused('not-a-member', `${sender} is no member of this round.`);
  }
  const wantedAttempt = carriesAttempt(kind) ? state.attempt : 0;
  if (attempt !== wantedAttempt) {
    return refused('wrong-attempt', `A ${kind} message belongs to attempt ${wantedAttempt}, this one to ${attempt}.`);
  }
  const phase = PHASE_OF[kind];
  const isLateReplay = kind === 'round/replay/1' && state.phase === 'reveal';
  if (phase !== null && phase !== state.phase && !isLateReplay) {
    const isEarly = PHASES.indexOf(state.phase) < PHASES.indexOf(phase);
    const sentence = `Messages ${kind} are taken in the phase "${phase}"; the round is in "${state.phase}".`;
    return refused(isEarly ? 'early' : 'late', sentence);
  }
  const contradiction = contradictionOf(plan, state, facts, offer);
  return contradiction === undefined
    ? { ok: true }
    : refused('contradicts', `The ${kind} message of ${sender} ${contradiction}.`);
}

/** Kinds that are said anew when a sum was refuted. */
export function carriesAttempt(kind: MessageKind): boolean {
  return (
    kind === 'round/survivors/1' || kind === 'round/sum/1' || kind === 'round/check/1' || kind === 'round/replay/1'
  );
}

function contradictionOf(
  plan: Plan,
  state: RoundState,
  { chain }: RoundFacts,
  { message, known, logRoot }: Offer,
): string | undefined {
  // The others would take it for a hub that keeps two logs.
  if ('log' in message.body && message.body.log.root !== logRoot) return 'names a state that this log never had';
  switch (message.kind) {
    case 'round/keys/1':
      return keysFault(message, known);
    case 'round/shares/1':
      return sharesFault(state, message, known);
    case 'round/upload/1':
      return uploadFault(plan, state, message, known);
    case 'round/survivors/1': {
      if (state.cohort === null || state.survivors === null || known.uploadsRoot === null) return 'comes too early';
      const expected = survivorsBodyOf(chain.members, {
        cohort: state.cohort,
        survivors: state.survivors,
        uploadsRoot: known.uploadsRoot,
      });
      const { cohort, survivors, uploadsRoot } = message.body;
      const isSame =
        cohort === expected.cohort && survivors === expected.survivors && uploadsRoot === expected.uploadsRoot;
      return isSame ? undefined : 'is about another survivor set';
    }
    case 'round/unmask/1': {
      const survivors = state.survivors ?? [];
      const dropped = (state.cohort ?? []).filter((address) => !survivors.includes(address));
      const isRight = isSubset(message.body.selfSeeds, survivors) && isSubset(message.body.maskSecrets, dropped);
      return isRight ? undefined : 'opens shares that nobody may open';
    }
    case 'round/check/1':
      return message.body.sum === chain.candidate?.sum ? undefined : 'is about another sum';
    case 'round/replay/1':
      return message.body.posted === chain.candidate?.sum ? undefined : 'is about another sum';
    case 'round/sum/1':
      return sumFault(plan, message);
    case 'round/report/1':
      return undefined;
  }
}

function keysFault({ sender, body }: MessageOf<'round/keys/1'>, known: KnownMessages): string | undefined {
  const keys = [body.cipherKey, body.maskKey];
  const isTaken = keys.some((key) => (known.publicKeys.get(key) ?? sender) !== sender);
  if (isTaken || body.cipherKey === body.maskKey) return 'has a key that is used already';
  return keys.some(isOfLowOrder) ? 'has a key of low order' : undefined;
}

const PROBE = new Uint8Array(32).fill(1);

/** Whether a secret shared with this key is zero, whosever it is. */
function isOfLowOrder(key: string): boolean {
  try {
    x25519.getSharedSecret(PROBE, fromHex(key));
    return false;
  } catch {
    return true;
  }
}

/** Bytes of a model besides its arrays: the header of the file. */
const MODEL_HEADER_BYTES = 4096;
/** float32 parameters, and two float64 arrays of an outer optimiser. */
const MODEL_BYTES_PER_PARAMETER = 4 + 2 * 8;

/** Without it an aggregator could have everybody's disk filled. */
function sumFault(plan: Plan, { body }: MessageOf<'round/sum/1'>): string | undefined {
  const opaque = opaqueRule(plan);
  const most = opaque?.maxBytes ?? 4 * vectorLength(plan);
  const mostOfModel = opaque?.maxBytes ?? MODEL_HEADER_BYTES + MODEL_BYTES_PER_PARAMETER * plan.parameterCount;
  if (body.sumBytes > most) return `has a sum of ${body.sumBytes} bytes, more than ${most}`;
  return body.modelBytes <= mostOfModel
    ? undefined
    : `has a model of ${body.modelBytes} bytes, more than ${mostOfModel}`;
}

function sharesFault(
  state: RoundState,
  { body }: MessageOf<'round/shares/1'>,
  known: KnownMessages,
): string | undefined {
  if (body.keys !== known.keysRoot) return 'is about other keys';
  const keyed = orderAddresses(state.keyed ?? []).join();
  const covers = (record: object) => orderAddresses(Object.keys(record) as Address[]).join() === keyed;
  return covers(body.sealed) && covers(body.commitments)
    ? undefined
    : "doesn't share with exactly the members with keys";
}

function uploadFault(
  plan: Plan,
  state: RoundState,
  { body }: MessageOf<'round/upload/1'>,
  known: KnownMessages,
): string | undefined {
  const cohort = state.cohort ?? [];
  if (body.shares !== known.sharesRoot) return 'is about other shares';
  if (orderAddresses(body.cohort).join() !== orderAddresses(cohort).join()) return 'is masked against another cohort';
  const expected = uploadSizeBytes(plan, cohort.length);
  if (expected !== null)
    return body.sizeBytes === expected ? undefined : `has ${body.sizeBytes} bytes, not ${expected}`;
  const most = opaqueRule(plan)?.maxBytes ?? 0;
  return body.sizeBytes <= most ? undefined : `has ${body.sizeBytes} bytes, more than the plan's ${most}`;
}

/** Bytes of every upload of a round; null for opaque parameters, of which the plan knows only the most. */
export function uploadSizeBytes(plan: Plan, cohort: number): number | null {
  if (opaqueRule(plan) !== null) return null;
  if (plan.aggregation.kind === 'clear') return 4 * plan.parameterCount;
  return packedByteCount(vectorLength(plan), sumBits(Math.max(1, cohort)));
}

/** Coordinates of an upload in secure mode: the parameters, and the number of examples where it is the weight. */
export function vectorLength({ aggregation, parameterCount }: Plan): number {
  return parameterCount + Number(aggregation.kind === 'secure' && aggregation.weights === 'by-examples');
}

function isSubset(record: object, allowed: readonly Address[]): boolean {
  return Object.keys(record).every((key) => allowed.includes(key as Address));
}

function refused(fault: (Admission & { ok: false })['fault'], sentence: string): Admission {
  return { ok: false, fault, sentence };
}
