import { createHmac } from 'node:crypto';
import {
  AGGREGATOR_KINDS,
  type AggregatorEffect,
  aggregatorStep,
  type ChainRound,
  type MemberEffect,
  type MessageKind,
  memberStep,
  messageKindsFor,
  type Phase,
  PHASES,
  type RoundView,
} from '@skein/alliance';
import type { AcceptedMessage, HubClient } from '@skein/client';
import { nodeCrypto } from '@skein/privacy/node';
import type { AllianceContext } from './alliance-context.ts';
import { jobDigest } from './add-up.ts';
import { aggregatorJob, performAggregator } from './perform-aggregator.ts';
import { memberJob, performMember } from './perform-member.ts';
import type { RoundWork } from './round-work.ts';

/** Where hub and chain say that a round stands, read at one time. */
export interface Place {
  readonly view: RoundView;
  readonly chain: ChainRound;
}

/**
 * One look at a round: reads what there is, takes the steps of member and aggregator, writes the new states, and only
 * then starts what follows from them.
 */
export async function look(work: RoundWork, place: Place, signal: AbortSignal): Promise<void> {
  const { context } = work;
  const { attempt } = place.view;
  const messages = await readMessages(work, place, signal);
  const member = await stepMember(work, place, messages);
  const { round, phase, waitingFor } = place.view;
  const effects = member.map(({ kind }) => kind);
  context.logger.debug({ round, phase, waitingFor, status: place.chain.status, effects }, 'look');
  const aggregator = await stepAggregator(work, place, messages);
  const wanted = new Set<string>();
  for (const effect of member) {
    if (effect.kind === 'add-up' && work.sums.has(jobDigest(effect.job))) continue;
    const name = memberJob(effect);
    if (name === undefined) await performMember(work, effect, signal);
    else startJob(work, wanted, name, (stop) => performMember(work, effect, stop));
  }
  for (const effect of aggregator) {
    const name = aggregatorJob(effect);
    if (name === undefined) await performAggregator(work, effect, { attempt, signal });
    else startJob(work, wanted, name, (stop) => performAggregator(work, effect, { attempt, signal: stop }));
  }
  work.jobs.retain(wanted);
}

function startJob(
  { context, round, jobs, told }: RoundWork,
  wanted: Set<string>,
  name: string,
  task: (signal: AbortSignal) => Promise<void>,
): void {
  wanted.add(name);
  // A blob that went out or came whole needs no second look, however often the step asks for it.
  const isTransfer = /^(send|fetch) /.test(name);
  if (isTransfer && told.has(name)) return;
  jobs.start(name, async (signal) => {
    const startedMs = performance.now();
    await task(signal);
    context.logger.debug({ round, job: name, ms: Math.round(performance.now() - startedMs) }, 'done');
    if (isTransfer) told.add(name);
  });
}

/** The phase in which each kind of message is sent: past it, no more come. */
const SENT_IN: Readonly<Partial<Record<MessageKind, Phase>>> = {
  'round/keys/1': 'keys',
  'round/shares/1': 'shares',
  'round/upload/1': 'upload',
  'round/survivors/1': 'survivors',
  'round/unmask/1': 'unmask',
};

async function readMessages(
  { context, complete }: RoundWork,
  { view }: Place,
  signal: AbortSignal,
): Promise<readonly AcceptedMessage[]> {
  const { hub, log, membership, roles } = context;
  const { round, attempt, phase } = view;
  const isTurn = roles.has('aggregate') && view.aggregator === membership.address;
  const kinds = [...new Set<MessageKind>([...messageKindsFor(view), ...(isTurn ? AGGREGATOR_KINDS : [])])];
  const nameOf = (kind: MessageKind): string => `${attempt} ${kind}`;
  const wanted = kinds.filter((kind) => !complete.has(nameOf(kind)));
  const fresh =
    wanted.length === 0 ? [] : await hub.messages(membership.alliance, { round, kinds: wanted }, { signal });
  log.note(fresh);
  const known = kinds.flatMap((kind) => complete.get(nameOf(kind)) ?? []);
  for (const kind of wanted) {
    const sentIn = SENT_IN[kind];
    const isOver = sentIn !== undefined && PHASES.indexOf(sentIn) < PHASES.indexOf(phase);
    const ofKind = fresh.filter(({ message }) => message.kind === kind);
    if (isOver) complete.set(nameOf(kind), ofKind);
  }
  return [...known, ...fresh];
}

async function stepMember(
  work: RoundWork,
  { view, chain }: Place,
  messages: readonly AcceptedMessage[],
): Promise<readonly MemberEffect[]> {
  const { context, folder, verify } = work;
  const { membership, domain, log, roles, hub } = context;
  if (!takesPart(context, view)) return [];
  const { trained, upload, check, replay, evaluation } = folder.outcomes;
  const { state, effects } = await memberStep({
    plan: membership.plan,
    domain,
    alliance: membership.alliance,
    self: membership.address,
    state: folder.member,
    view,
    chain,
    messages: messages.map(({ message }) => message),
    outcomes: {
      trained: trained !== undefined,
      ...(upload && { upload }),
      ...(check && { check }),
      ...(replay && { replay }),
      ...(evaluation && { evaluation }),
    },
    now: chainNow(hub),
    crypto: nodeCrypto,
    quantiserSeed: quantiserSeed(context, view.round),
    log,
    verify,
    ...(trained && { examples: trained.examples }),
  });
  if (state !== null && state !== folder.member) await folder.writeMember(state);
  return roles.has('evaluate') ? effects : effects.filter(({ kind }) => kind !== 'evaluate' && kind !== 'commit-vote');
}

/** One for each round of each plan, known to nobody else: equal keys and plans give equal bytes. */
function quantiserSeed({ storageKey, membership }: AllianceContext, round: number): string {
  return createHmac('sha256', storageKey)
    .update(`skein/node/quantiser/1/${membership.planDigest}/${round}`)
    .digest('hex');
}

/** The chain's clock as the hub tells it; the contract has the last word on every deadline. */
function chainNow(hub: HubClient): number {
  return Math.floor(Date.now() / 1000 - (hub.clockSkewSeconds() ?? 0));
}

/** Who doesn't train keeps out of the phases before the vote: it is a member that always drops out. */
function takesPart({ roles }: AllianceContext, { phase }: RoundView): boolean {
  return roles.has('train') || (roles.has('evaluate') && (phase === 'commit' || phase === 'reveal'));
}

async function stepAggregator(
  { context, folder, verify }: RoundWork,
  { view, chain }: Place,
  messages: readonly AcceptedMessage[],
): Promise<readonly AggregatorEffect[]> {
  const { membership, domain, roles } = context;
  if (!roles.has('aggregate')) return [];
  const { aggregate, sentBlobs } = folder.outcomes;
  const { state, effects } = await aggregatorStep({
    plan: membership.plan,
    domain,
    alliance: membership.alliance,
    self: membership.address,
    state: folder.aggregator,
    view,
    chain,
    messages: messages.map(({ message }) => message),
    outcomes: { ...(aggregate && { aggregate }), ...(sentBlobs && { sentBlobs }) },
    crypto: nodeCrypto,
    verify,
  });
  if (state !== folder.aggregator) await folder.writeAggregator(state);
  return effects;
}
