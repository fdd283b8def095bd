import { join } from 'node:path';
import type { Message } from '@skein/alliance';
import type { AcceptedMessage, HubClient } from '@skein/client';
import {
  BaseError,
  digestOfJson,
  digestSchema,
  extendsLog,
  includesEntry,
  type LogState,
  merkleRoot,
  digestFromHash,
  type NoteKey,
  openCheckpoint,
  openLogEntry,
  subjectDigest,
} from '@skein/core';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../files/json-file.ts';
import { verifyEd25519 } from './verify-ed25519.ts';

/** The last state of the log that this node has verified, with the log's signature on it. */
const keptSchema = z.strictObject({ size: z.int().min(0), root: digestSchema, note: z.string() });

type Kept = z.infer<typeof keptSchema>;

const EMPTY: Kept = { size: 0, root: digestFromHash(merkleRoot([])), note: '' };

/** Two states of one log, both signed by it, of which neither continues the other. Whoever has the key can check it. */
export interface SplitView {
  readonly before: Kept;
  readonly after: Kept;
}

/** The hub's transparency log, believed only as far as it is proved. */
export interface VerifiedLog {
  readonly seen: LogState;
  /** Moves on to the hub's newest checkpoint. @throws BaseError `node/split-log` with the evidence in `info`. */
  advance(signal: AbortSignal): Promise<void>;
  /** Remembers where the hub says that messages stand. */
  note(messages: readonly AcceptedMessage[]): void;
  /** Whether the message, whose signature the caller has checked, is an entry of the log, proved against a verified state. */
  includes(message: Message): Promise<boolean>;
  /** Whether another's state of the log is one that this one grew from, or will. */
  agrees(other: LogState): Promise<boolean>;
}

export interface VerifiedLogOptions {
  readonly directory: string;
  readonly hub: HubClient;
  readonly key: NoteKey;
}

/** @throws BaseError `node/bad-file` */
export async function openVerifiedLog({ directory, hub, key }: VerifiedLogOptions): Promise<VerifiedLog> {
  const path = join(directory, 'log.json');
  let kept = (await readJsonFile(path, keptSchema)) ?? EMPTY;
  const places = new Map<string, number>();
  const proved = new Set<string>();
  let advancing: Promise<void> | undefined;

  const moveOn = async (signal?: AbortSignal): Promise<void> => {
    const next = await newerState(hub, key, kept, signal);
    if (next !== undefined) await writeJsonFile(path, next);
    kept = next ?? kept;
  };
  const advance = (signal?: AbortSignal): Promise<void> => {
    advancing ??= moveOn(signal).finally(() => {
      advancing = undefined;
    });
    return advancing;
  };
  /** Once proved is proved for good: the log only grows. */
  const once = async (name: string, prove: () => Promise<boolean>): Promise<boolean> => {
    if (proved.has(name)) return true;
    const isProved = await prove();
    if (isProved) proved.add(name);
    return isProved;
  };

  return {
    get seen() {
      return { size: kept.size, root: kept.root };
    },
    advance,
    note(messages) {
      for (const { message, logIndex } of messages) places.set(placeOf(message), logIndex);
    },
    async includes(message) {
      const place = placeOf(message);
      const index = places.get(place);
      if (index === undefined) return false;
      return await once(place, async () => {
        if (index >= kept.size) await advance();
        return index < kept.size && (await isEntry(hub, key, { state: kept, index, name: digestOfJson(message) }));
      });
    },
    agrees: (other) =>
      once(`${other.size} ${other.root}`, async () => {
        if (other.size > kept.size) await advance();
        return other.size <= kept.size && (await isContinued(hub, other, kept));
      }),
  };
}

/** Names a message whose signature is checked: that signature is on nothing else. Hashing all of it would cost more. */
function placeOf({ alliance, round, kind, sender, signature }: Message): string {
  return `${alliance} ${round} ${kind} ${sender} ${signature}`;
}

/** The hub's newest state, if it is newer. @throws BaseError `node/split-log`, `node/unsigned-log` */
async function newerState(hub: HubClient, key: NoteKey, kept: Kept, signal?: AbortSignal): Promise<Kept | undefined> {
  const { note } = await hub.checkpoint({ signal });
  const state = openCheckpoint(note, key, verifyEd25519);
  if (state === undefined) throw unsigned(key);
  const next = { ...state, note };
  // A hub behind a cache may show an older state; it has to be one of the same log.
  const [earlier, later] = next.size < kept.size ? [next, kept] : [kept, next];
  if (!(await isContinued(hub, earlier, later, signal))) throw split({ before: earlier, after: later });
  return next.size > kept.size ? next : undefined;
}

interface EntryClaim {
  readonly state: LogState;
  readonly index: number;
  /** Digest of the message. */
  readonly name: string;
}

async function isEntry(hub: HubClient, key: NoteKey, { state, index, name }: EntryClaim): Promise<boolean> {
  const [[entry], proof] = await Promise.all([hub.logEntries(index, index + 1), hub.inclusionProof(index, state.size)]);
  if (entry === undefined || !includesEntry(state, entry, index, proof)) return false;
  const statement = openLogEntry(entry, key, verifyEd25519);
  return statement !== undefined && subjectDigest(statement) === name;
}

async function isContinued(hub: HubClient, earlier: LogState, later: LogState, signal?: AbortSignal): Promise<boolean> {
  if (earlier.size === 0) return earlier.root === EMPTY.root;
  const isGrown = earlier.size < later.size;
  return extendsLog(earlier, later, isGrown ? await hub.consistencyProof(earlier.size, later.size, { signal }) : []);
}

function split(evidence: SplitView): BaseError {
  const { before, after } = evidence;
  const message = `The hub shows two different logs: its state of ${after.size} entries does not continue that of ${before.size}.`;
  return new BaseError('node/split-log', message, {
    info: { evidence },
    hints: ['Do not trust this hub. Both states are signed by it: show them to the other members.'],
  });
}

function unsigned(key: NoteKey): BaseError {
  return new BaseError('node/unsigned-log', `The hub's checkpoint is not signed by the log ${key.name}.`, {
    hints: ['Compare the log key with the one in node.json and in the invitation.'],
  });
}
