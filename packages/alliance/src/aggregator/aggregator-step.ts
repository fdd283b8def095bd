import type { Digest } from '@skein/core';
import type { AggregationCrypto } from '@skein/privacy';
import { z } from 'zod';
import type { ChainRound } from '../chain-round.ts';
import { readRoundMessages, type RoundMessages } from '../messages/round-messages.ts';
import { orderAddresses } from '../member-set.ts';
import { type BodyOf, type Message, type MessageKind, PROTOCOL, sumBodySchema } from '../message.ts';
import type { Plan } from '../plan.ts';
import type { RoundView } from '../round-view.ts';
import type { SigningDomain, Unsigned } from '../signing/message-hash.ts';
import { messagesRoot } from '../signing/messages-root.ts';
import type { MessageVerifier } from '../signing/verify-message.ts';
import { survivorsBodyOf } from '../survivors-body.ts';
import type { Address } from '../units.ts';
import { isModelComputedByAll, isSumRead } from './what-is-read.ts';
import { type SumJob, sumJobOf } from './sum-job.ts';

/** An aggregator in one round, as plain JSON; it holds no secret. Store it before its effects are carried out. */
export const aggregatorStateSchema = z.strictObject({
  version: z.literal('aggregator-state/1'),
  round: z.int().positive(),
  /** What was announced, by attempt: never decided anew. */
  sums: z.array(z.strictObject({ attempt: z.int().min(0), body: sumBodySchema })),
});
export type AggregatorRoundState = z.infer<typeof aggregatorStateSchema>;

/** Results of effects, as far as there are any, by round. */
export interface AggregatorOutcomes {
  /** Of `aggregate`, with the survivor set's `uploadsRoot` that it belongs to. */
  readonly aggregate?: { readonly uploadsRoot: Digest; readonly body: BodyOf<'round/sum/1'> };
  /** Roots of blobs that the hub has whole. */
  readonly sentBlobs?: readonly Digest[];
}

/** Everything that a step may look at. */
export interface AggregatorInput {
  readonly plan: Plan;
  readonly domain: SigningDomain;
  readonly alliance: string;
  readonly self: Address;
  readonly state: AggregatorRoundState | null;
  readonly view: RoundView;
  readonly chain: ChainRound;
  /** All messages of this round that the hub has of `AGGREGATOR_KINDS`. */
  readonly messages: readonly unknown[];
  readonly outcomes: AggregatorOutcomes;
  readonly crypto: AggregationCrypto;
  readonly verify?: MessageVerifier;
}

/** Kinds of messages that an aggregator has to fetch when it is its turn. */
export const AGGREGATOR_KINDS: readonly MessageKind[] = [
  'round/keys/1',
  'round/shares/1',
  'round/upload/1',
  'round/survivors/1',
  'round/unmask/1',
  'round/sum/1',
];

/** What the node is to do once the state is stored; effects come back until the chain shows the candidate. */
export type AggregatorEffect =
  /** Fetch the uploads, `computeSum`, store the model, and the sum where it is to be kept; then `outcomes.aggregate`. */
  | { readonly kind: 'aggregate'; readonly uploadsRoot: Digest; readonly job: SumJob; readonly keepsSum: boolean }
  | { readonly kind: 'send'; readonly message: Unsigned<'round/sum/1'> }
  | { readonly kind: 'send-blob'; readonly root: Digest }
  | {
      readonly kind: 'post-candidate';
      readonly round: number;
      readonly post: CandidatePost;
      readonly signatures: readonly string[];
    }
  | { readonly kind: 'accuse'; readonly evidence: readonly [Message, Message] }
  | { readonly kind: 'notice'; readonly code: string; readonly sentence: string };

/** `postCandidate`'s arguments. */
export interface CandidatePost {
  readonly cohort: string;
  readonly survivors: string;
  readonly uploadsRoot: Digest;
  readonly sum: Digest;
  readonly model: Digest;
}

/** One step of an aggregator: nothing unless it is its turn. */
export async function aggregatorStep(
  input: AggregatorInput,
): Promise<{ readonly state: AggregatorRoundState; readonly effects: readonly AggregatorEffect[] }> {
  const { view, chain, self } = input;
  const isKept = input.state?.round === view.round;
  const state: AggregatorRoundState = isKept
    ? input.state
    : { version: 'aggregator-state/1', round: view.round, sums: [] };
  if (['commit', 'reveal', 'closed'].includes(view.phase)) return { state, effects: modelEffects(input, state) };
  const isTurn = view.phase === 'sum' && view.aggregator === self;
  const isCurrent = chain.round === view.round && chain.attempt === view.attempt && chain.status === 'open';
  if (!isTurn || !isCurrent) return { state, effects: [] };
  const { domain, alliance, verify } = input;
  const messages = readRoundMessages(input.messages, { domain, alliance, round: view.round, verify });
  return { ...(await addUp(input, state, messages)) };
}

async function addUp(input: AggregatorInput, state: AggregatorRoundState, messages: RoundMessages) {
  const { view, chain, domain } = input;
  const effects: AggregatorEffect[] = [];
  if (messages.equivocation !== undefined) effects.push({ kind: 'accuse', evidence: messages.equivocation });
  const cohort = orderAddresses(view.cohort ?? []);
  const survivors = orderAddresses(view.survivors ?? []);
  const uploads = messages.all('round/upload/1', 0, survivors);
  if (uploads === undefined || survivors.length === 0) return { state, effects };
  const set = survivorsBodyOf(chain.members, { cohort, survivors, uploadsRoot: messagesRoot(domain, uploads) });

  const announced = state.sums.find(({ attempt }) => attempt === view.attempt)?.body;
  const { aggregate } = input.outcomes;
  const body = announced ?? (aggregate?.uploadsRoot === set.uploadsRoot ? aggregate.body : undefined);
  if (body === undefined) {
    const effect = await aggregateEffect(input, { cohort, survivors, uploadsRoot: set.uploadsRoot }, messages);
    return { state, effects: [...effects, ...effect] };
  }
  const next: AggregatorRoundState = announced
    ? state
    : { ...state, sums: [...state.sums, { attempt: view.attempt, body: { ...body } }] };
  effects.push(...announceEffects(input, messages, body), ...postEffects(input, messages, set, body));
  return { state: next, effects };
}

async function aggregateEffect(
  input: AggregatorInput,
  set: { readonly cohort: readonly Address[]; readonly survivors: readonly Address[]; readonly uploadsRoot: Digest },
  messages: RoundMessages,
): Promise<AggregatorEffect[]> {
  const { plan, alliance, view, crypto, chain } = input;
  const { cohort, survivors, uploadsRoot } = set;
  const { round, modelBytes } = view;
  const keyed = orderAddresses(view.keyed ?? []);
  const sets = { members: chain.members.length, keyed, cohort, survivors };
  const place = { plan, alliance, round, model: chain.model, modelBytes, ...sets };
  const result = await sumJobOf(crypto, place, messages);
  const notices = result.faults.map(({ kind, message }) => ({
    kind: 'notice' as const,
    code: `aggregator/${kind}`,
    sentence: message,
  }));
  const keepsSum = isSumRead(plan, cohort.length);
  if (result.ok) return [...notices, { kind: 'aggregate', uploadsRoot, job: result.job, keepsSum }];
  const sentence = `The sum can't be made: ${result.missing.join(', ')} are missing.`;
  return [...notices, { kind: 'notice', code: 'aggregator/missing', sentence }];
}

function announceEffects(
  { plan, view, self, alliance }: AggregatorInput,
  messages: RoundMessages,
  body: BodyOf<'round/sum/1'>,
): AggregatorEffect[] {
  const { round, attempt } = view;
  const kind = 'round/sum/1';
  const message: Unsigned<'round/sum/1'> = { protocol: PROTOCOL, alliance, round, attempt, sender: self, kind, body };
  const isShown = messages.of('round/sum/1', attempt, self) !== undefined;
  const sum = { kind: 'send-blob' as const, root: body.sum };
  return [
    ...(isShown ? [] : [{ kind: 'send' as const, message }]),
    ...(isSumRead(plan, view.cohort?.length ?? 0) ? [sum] : []),
    { kind: 'send-blob', root: body.model },
  ];
}

/** A model that all compute is voted on while it is on its way to the hub. */
function modelEffects(
  { view, chain, self, outcomes }: AggregatorInput,
  state: AggregatorRoundState,
): AggregatorEffect[] {
  const body = state.sums.find(({ attempt }) => attempt === view.attempt)?.body;
  const isPosted = chain.candidate?.aggregator === self && chain.candidate.model === body?.model;
  if (body === undefined || !isPosted || outcomes.sentBlobs?.includes(body.model) === true) return [];
  return [{ kind: 'send-blob', root: body.model }];
}

/** Posts only when the hub has what others read for their vote: a candidate that nobody can read is voted down. */
function postEffects(
  { plan, view, self, outcomes }: AggregatorInput,
  messages: RoundMessages,
  set: BodyOf<'round/survivors/1'>,
  body: BodyOf<'round/sum/1'>,
): AggregatorEffect[] {
  const sent = outcomes.sentBlobs ?? [];
  const cohortSize = view.cohort?.length ?? 0;
  const isSumThere = sent.includes(body.sum) || !isSumRead(plan, cohortSize);
  // What the hub has not been told of it doesn't take later.
  const isAnnounced = messages.of('round/sum/1', view.attempt, self) !== undefined;
  const isModelThere = sent.includes(body.model) || (isAnnounced && isModelComputedByAll(plan, cohortSize));
  if (!isSumThere || !isModelThere) return [];
  const survivors = orderAddresses(view.survivors ?? []);
  const signatures = messages
    .some('round/survivors/1', view.attempt, survivors)
    .filter(
      ({ body: signed }) =>
        signed.survivors === set.survivors && signed.cohort === set.cohort && signed.uploadsRoot === set.uploadsRoot,
    )
    .map(({ signature }) => signature);
  const post = { ...set, sum: body.sum, model: body.model };
  return [{ kind: 'post-candidate', round: view.round, post, signatures }];
}
