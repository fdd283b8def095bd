import {
  type Address,
  type ChainRound,
  type Message,
  type MessageKind,
  type MessageOf,
  messageSchema,
  type RoundFacts,
  type SentMessage,
} from '@skein/alliance';
import type { Kysely } from 'kysely';
import { fromText } from '../storage/json.ts';
import type { Tables } from '../storage/tables.ts';

type Reader = Kysely<Tables>;

/** Everything that decides where a round stands: the chain's word, accepted messages, whole uploads. */
export async function readFacts(db: Reader, alliance: string, chain: ChainRound): Promise<RoundFacts> {
  const { round } = chain;
  const sent = await db
    .selectFrom('messages')
    .select(['kind', 'attempt', 'sender'])
    .where('alliance', '=', alliance)
    .where('round', '=', round)
    .orderBy('log_index')
    .execute();
  // Most of the time nobody has spoken of an upload or a replay, and there is nothing to look for.
  const isSent = (kind: MessageKind): boolean => sent.some((message) => message.kind === kind);
  const uploaded = isSent('round/upload/1') ? await wholeUploads(db, alliance, round) : [];
  const replays = isSent('round/replay/1')
    ? ((await readMessages(db, { alliance, round, kinds: ['round/replay/1'] })) as MessageOf<'round/replay/1'>[])
    : [];
  return {
    alliance,
    chain,
    modelBytes: await modelSizeBytes(db, chain.model),
    sent: sent as SentMessage[],
    uploaded,
    isModelHere: chain.candidate !== null && (await isWhole(db, chain.candidate.model)),
    refutations: replays.map(({ attempt, sender, body }) => ({ attempt, sender, ...body })),
  };
}

/** Whether a blob has come whole. */
export async function isWhole(db: Reader, root: string): Promise<boolean> {
  const blob = await db.selectFrom('blobs').select('whole').where('root', '=', root).executeTakeFirst();
  return blob?.whole === true;
}

async function wholeUploads(db: Reader, alliance: string, round: number): Promise<Address[]> {
  const rows = await db
    .selectFrom('announcements')
    .innerJoin('blobs', 'blobs.root', 'announcements.root')
    .select('sender')
    .where('alliance', '=', alliance)
    .where('round', '=', round)
    .where('kind', '=', 'round/upload/1')
    .where('whole', '=', true)
    .execute();
  return rows.map(({ sender }) => sender as Address);
}

interface MessageFilter {
  readonly alliance: string;
  readonly round: number;
  readonly kinds: readonly MessageKind[];
}

/** Accepted messages of a round, in the order of the log. */
export async function readMessages(db: Reader, { alliance, round, kinds }: MessageFilter): Promise<Message[]> {
  const rows = await db
    .selectFrom('messages')
    .select('json')
    .where('alliance', '=', alliance)
    .where('round', '=', round)
    .where('kind', 'in', kinds)
    .orderBy('log_index')
    .execute();
  return rows.map(({ json }) => fromText(messageSchema, json));
}

/** Size of a model that is here or was announced; 1 of one that nobody has spoken of. */
async function modelSizeBytes(db: Reader, root: string): Promise<number> {
  const blob = await db.selectFrom('blobs').select('size_bytes').where('root', '=', root).executeTakeFirst();
  if (blob !== undefined) return blob.size_bytes;
  const announced = await db
    .selectFrom('announcements')
    .select('size_bytes')
    .where('root', '=', root)
    .where('size_bytes', 'is not', null)
    .executeTakeFirst();
  return announced?.size_bytes ?? 1;
}
