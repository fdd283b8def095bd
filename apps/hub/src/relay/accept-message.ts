import {
  type Admission,
  admitMessage,
  bodyDigest,
  type KnownMessages,
  knownMessages,
  type Message,
  type MessageKind,
  messageSchema,
  type Phase,
  type RoundState,
  type SigningDomain,
  verifyMessage,
} from '@skein/alliance';
import type { Posted } from '@skein/client';
import { BaseError, type Digest, digestOfJson } from '@skein/core';
import type { ChainClock } from '../chain/chain-clock.ts';
import { findAlliance, findRound, noAlliance } from '../coordinator/alliance-store.ts';
import { readFacts, readMessages } from '../coordinator/round-facts.ts';
import { logSize, logState } from '../log/log-store.ts';
import type { TransparencyLog } from '../log/transparency-log.ts';
import { type Database, transact, type Write } from '../storage/database.ts';
import { fromText, toText } from '../storage/json.ts';
import { announcementsOf } from './announcements.ts';
import type { EventFeed } from './event-feed.ts';

export interface MessageDesk {
  /**
   * Takes a message that a member has sent: checks it, logs it and stores it, in one transaction. The same message again
   * changes nothing.
   * @throws BaseError `hub/…`: why not; of a contradiction with both messages as `evidence`
   */
  accept(alliance: string, value: unknown): Promise<Posted & { readonly message: Message }>;
}

export interface MessageDeskParts {
  readonly db: Database;
  readonly log: TransparencyLog;
  readonly clock: ChainClock;
  readonly feed: EventFeed;
  readonly domain: SigningDomain;
}

export function createMessageDesk(parts: MessageDeskParts): MessageDesk {
  const known = createKnownMessages(parts.domain);
  return {
    async accept(alliance, value) {
      const verified = verifyMessage(parts.domain, value, { alliance });
      if (!verified.ok) throw new BaseError(`hub/${verified.fault}`, verified.sentence);
      const { message } = verified;
      const outcome = await transact(parts.db, async (write) => {
        const earlier = await findEarlier(write, message);
        if (earlier !== undefined) return compare(write, earlier, message);
        await admit(write, { message, known });
        return { status: 'accepted' as const, logIndex: await store(parts, write, message) };
      });
      parts.feed.notify();
      if ('evidence' in outcome) throw contradiction(outcome.evidence);
      return { ...outcome, message };
    },
  };
}

interface Earlier {
  readonly message: Message;
  readonly logIndex: number;
}

async function findEarlier(write: Write, message: Message): Promise<Earlier | undefined> {
  const { alliance, round, attempt, kind, sender } = message;
  const row = await write
    .selectFrom('messages')
    .select(['json', 'log_index'])
    .where('alliance', '=', alliance)
    .where('round', '=', round)
    .where('attempt', '=', attempt)
    .where('kind', '=', kind)
    .where('sender', '=', sender)
    .executeTakeFirst();
  return row && { message: fromText(messageSchema, row.json), logIndex: row.log_index };
}

/** One account can sign the same words in several ways; only other words contradict. */
async function compare(write: Write, { message: first, logIndex }: Earlier, second: Message) {
  if (bodyDigest(first) === bodyDigest(second)) return { status: 'duplicate' as const, logIndex };
  const { alliance, round, attempt, kind, sender } = second;
  await write
    .insertInto('equivocations')
    .values({ alliance, round, attempt, kind, sender, second: toText(second) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { evidence: [first, second] as const };
}

interface Admittance {
  readonly message: Message;
  readonly known: ReturnType<typeof createKnownMessages>;
}

async function admit(write: Write, { message, known }: Admittance): Promise<void> {
  const { alliance, round } = message;
  const found = await findAlliance(write, alliance);
  const row = await findRound(write, alliance, round);
  if (found === undefined) throw noAlliance(alliance);
  if (found.plan === null || row === undefined) {
    throw new BaseError('hub/no-round', `Round ${round} of alliance ${alliance} isn't open here (yet).`, {
      hints: ['Send it again when the hub shows the round.'],
    });
  }
  const facts = await readFacts(write, alliance, row.chain);
  const so = await known(write, { alliance, state: row.state });
  const logRoot = await rootNamedIn(write, message);
  const admission = admitMessage(found.plan, row.state, facts, { message, known: so, logRoot });
  if (!admission.ok) throw new BaseError(`hub/${codeOf(admission.fault)}`, admission.sentence);
}

/** The log's root at the size that a message says its sender has seen; null where it has never been so long. */
async function rootNamedIn(write: Write, { body }: Message): Promise<Digest | null> {
  if (!('log' in body) || body.log.size > (await logSize(write))) return null;
  return (await logState(write, body.log.size)).root;
}

/** `contradicts` means here: contradicts what others have said; the hub's `contradiction` is one sender's own. */
function codeOf(fault: (Admission & { ok: false })['fault']): string {
  return fault === 'contradicts' ? 'does-not-fit' : fault;
}

async function store({ log, clock, feed }: MessageDeskParts, write: Write, message: Message): Promise<number> {
  const { protocol, alliance, round, attempt, kind, sender, signature } = message;
  const logIndex = await log.append(write, {
    type: 'urn:skein:message/1',
    name: `alliance/${alliance}/round/${round}/attempt/${attempt}/${kind}/${sender}`,
    digest: digestOfJson(message),
    predicate: { protocol, alliance, round, attempt, kind, sender, signature },
  });
  const json = toText(message);
  const row = { alliance, round, attempt, kind, sender, json, log_index: logIndex, received_at: clock.now() };
  await write.insertInto('messages').values(row).execute();
  const announced = announcementsOf(message);
  if (announced.length > 0) {
    await write
      .insertInto('announcements')
      .values(announced.map((each) => ({ ...each, alliance, round, kind, sender })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await feed.record(write, { alliance, round, kind: 'message' });
  return logIndex;
}

function contradiction(evidence: readonly [Message, Message]): BaseError {
  const [first] = evidence;
  const message = `${first.sender} has sent another ${first.kind} message for round ${first.round}, attempt ${first.attempt}.`;
  return new BaseError('hub/contradiction', message, {
    info: { evidence },
    hints: ['Two different messages are a proof that the contract punishes. Run one node with one data folder only.'],
  });
}

/** Kinds whose messages decide about those of a phase. */
const DECIDING: Partial<Record<Phase, MessageKind>> = {
  keys: 'round/keys/1',
  shares: 'round/keys/1',
  upload: 'round/shares/1',
  survivors: 'round/upload/1',
};

/** `knownMessages`, read once for a phase where they are fixed by then. */
function createKnownMessages(domain: SigningDomain) {
  const cached = new Map<string, { readonly place: string; readonly known: KnownMessages }>();
  return async (write: Write, { alliance, state }: { alliance: string; state: RoundState }): Promise<KnownMessages> => {
    const place = `${state.round}/${state.attempt}/${state.phase}`;
    const hit = cached.get(alliance);
    if (hit?.place === place && state.phase !== 'keys') return hit.known;
    const kind = DECIDING[state.phase];
    const messages =
      kind === undefined ? [] : await readMessages(write, { alliance, round: state.round, kinds: [kind] });
    const known = knownMessages(domain, state, messages);
    cached.set(alliance, { place, known });
    return known;
  };
}
