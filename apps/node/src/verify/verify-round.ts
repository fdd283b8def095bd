import {
  type Aggregate,
  addressesOf,
  type ChainRound,
  decideRound,
  type Message,
  messagesRoot,
  type Plan,
  type RoundMessages,
  readRoundMessages,
  type SigningDomain,
  survivorQuorum,
} from '@skein/alliance';
import type { HubClient } from '@skein/client';
import { BaseError, type Digest } from '@skein/core';
import type { VerifiedLog } from '../log/verified-log.ts';
import { replayRound } from './replay-round.ts';
import type { Check, RoundReport } from './round-report.ts';

export interface RoundToVerify {
  readonly plan: Plan;
  readonly domain: SigningDomain;
  readonly alliance: string;
  readonly hub: HubClient;
  readonly log: VerifiedLog;
  readonly chain: ChainRound;
  /** The model after the round, by the contract. */
  readonly modelAfter: Digest;
  readonly read: (root: Digest) => Promise<Uint8Array | undefined>;
  readonly aggregate?: Aggregate | undefined;
}

/** Holds everything that is kept of a closed round against the chain, the log and the members' signatures. */
export async function verifyRound(of: RoundToVerify): Promise<RoundReport> {
  const { chain, hub, alliance, log } = of;
  const { round, candidate } = chain;
  const accepted = await hub.messages(alliance, { round });
  log.note(accepted);
  const signed = accepted.map(({ message }) => message);
  const messages = readRoundMessages(signed, { domain: of.domain, alliance, round });
  const checks: Check[] = [checkSignatures(signed.length, messages), await checkLog(log, signed)];
  const cohort = candidate === null ? [] : (addressesOf(candidate.cohort, chain.members) ?? []);
  const survivors = candidate === null ? [] : (addressesOf(candidate.survivors, chain.members) ?? []);
  let replayed: RoundReport['replayed'] = null;
  if (candidate !== null) {
    checks.push(checkUploads(of, messages, survivors), checkQuorum(of, messages, { cohort, survivors }));
    const replay = await replayIt(of, messages, { cohort, survivors });
    checks.push(...replay.checks);
    replayed = replay.replayed;
  }
  checks.push(checkDecision(of));
  return {
    round,
    attempt: chain.attempt,
    status: chain.status === 'open' || chain.status === 'voting' ? 'failed' : chain.status,
    openedAt: chain.openedAt,
    members: chain.members.map(({ address }) => address),
    cohort,
    survivors,
    aggregator: candidate?.aggregator ?? null,
    baseModel: chain.model,
    candidate: candidate && { uploadsRoot: candidate.uploadsRoot, sum: candidate.sum, model: candidate.model },
    replayed,
    votes: chain.revealed,
    messages: signed.length,
    checks,
    ok: checks.every(({ ok }) => ok !== false),
  };
}

type Survivors = RoundReport['survivors'];
type Sets = Pick<RoundReport, 'cohort' | 'survivors'>;

function checkSignatures(count: number, { forged, equivocation }: RoundMessages): Check {
  if (forged !== undefined) return { name: 'signatures', ok: false, detail: forged.sentence };
  const [first] = equivocation ?? [];
  if (first !== undefined) {
    return { name: 'signatures', ok: false, detail: `${first.sender} signed two different ${first.kind} messages.` };
  }
  return { name: 'signatures', ok: true, detail: `${count} messages, each signed by its sender` };
}

async function checkLog(log: VerifiedLog, messages: readonly Message[]): Promise<Check> {
  for (const message of messages) {
    if (await log.includes(message)) continue;
    return { name: 'log', ok: false, detail: `The log lacks the ${message.kind} message of ${message.sender}.` };
  }
  return { name: 'log', ok: true, detail: `all of them in the log of ${log.seen.size} entries` };
}

function checkUploads(of: RoundToVerify, messages: RoundMessages, survivors: Survivors): Check {
  const uploads = messages.all('round/upload/1', 0, survivors);
  const name = 'uploads';
  if (uploads === undefined) return { name, ok: false, detail: 'Upload messages of survivors are missing.' };
  const root = messagesRoot(of.domain, uploads);
  const posted = of.chain.candidate?.uploadsRoot;
  return { name, ok: root === posted, detail: `${uploads.length} uploads under ${root}; on the chain ${posted}` };
}

function checkQuorum(of: RoundToVerify, messages: RoundMessages, sets: Sets): Check {
  const { candidate, attempt } = of.chain;
  const { cohort, survivors } = sets;
  const signed = messages
    .some('round/survivors/1', attempt, survivors)
    .filter(({ body }) => body.survivors === candidate?.survivors && body.uploadsRoot === candidate.uploadsRoot);
  const needed = survivorQuorum(cohort.length, survivors.length);
  const detail = `${signed.length} of ${survivors.length} signed this survivor set; ${needed} are needed`;
  return { name: 'survivors', ok: signed.length >= needed, detail };
}

async function replayIt(
  of: RoundToVerify,
  messages: RoundMessages,
  sets: Sets,
): Promise<{ readonly checks: readonly Check[]; readonly replayed: RoundReport['replayed'] }> {
  const { chain, hub, alliance } = of;
  const { round, model, candidate } = chain;
  const keyed = await hub.round(alliance, round).then(
    (view) => view.keyed ?? [],
    (error: unknown) => {
      if (error instanceof BaseError && error.code.startsWith('hub/')) return [];
      throw error;
    },
  );
  const replay = await replayRound({ ...of, ...sets, members: chain.members.length, round, model, keyed }, messages);
  if (!replay.ok) {
    return { checks: [{ name: 'sum', ok: replay.gone ? null : false, detail: replay.sentence }], replayed: null };
  }
  const { sum, model: next } = replay;
  const checks = [
    { name: 'sum', ok: sum === candidate?.sum, detail: `replayed ${sum}; on the chain ${candidate?.sum}` },
    { name: 'model', ok: next === candidate?.model, detail: `recomputed ${next}; on the chain ${candidate?.model}` },
  ];
  return { checks, replayed: { sum, model: next } };
}

/** What the votes decide, and which model that leaves. */
function checkDecision({ plan, chain, modelAfter }: RoundToVerify): Check {
  const { candidate, status, model } = chain;
  const weights = new Map(chain.members.map(({ address, weight }) => [address, BigInt(weight)]));
  const votes = chain.revealed.map((vote) => ({ ...vote, weight: weights.get(vote.evaluator) ?? 0n }));
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  const { accepted, lossChangeMicroNats } = decideRound(votes, total, plan.toleranceMicroNats);
  const isAccepted = candidate !== null && accepted;
  const expected = isAccepted ? candidate.model : model;
  const ok = modelAfter === expected && isAccepted === (status === 'accepted');
  const votesSay =
    candidate === null ? 'there was no candidate' : `median loss change ${lossChangeMicroNats} micro-nats`;
  return { name: 'decision', ok, detail: `${votesSay}: ${status}; the model is ${modelAfter}` };
}
