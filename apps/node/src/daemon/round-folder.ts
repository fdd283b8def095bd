import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AggregatorRoundState,
  aggregatorStateSchema,
  bodySchemas,
  type MemberRoundState,
  type Message,
  memberStateSchema,
  messageSchema,
  type Unsigned,
} from '@skein/alliance';
import { digestSchema } from '@skein/core';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../files/json-file.ts';
import { writeSecretly } from '../files/write-secretly.ts';
import { readSealed, writeSealed } from '../storage/sealed-file.ts';

const outcomesSchema = z.strictObject({
  trained: z
    .strictObject({ examples: z.int().positive(), lossMicroNats: z.int().nullable(), seconds: z.number().min(0) })
    .optional(),
  upload: z.strictObject({ root: digestSchema, sizeBytes: z.int().positive() }).optional(),
  check: z
    .strictObject({
      sum: digestSchema,
      products: z.array(z.int()),
      sumProducts: z.array(z.int()).nullable(),
      model: digestSchema.nullable(),
    })
    .optional(),
  replay: z
    .strictObject({ posted: digestSchema, sum: digestSchema.nullable(), model: digestSchema.nullable() })
    .optional(),
  evaluation: z.strictObject({ model: digestSchema, lossChangeMicroNats: z.int(), lossMicroNats: z.int() }).optional(),
  aggregate: z.strictObject({ uploadsRoot: digestSchema, body: bodySchemas['round/sum/1'] }).optional(),
  sentBlobs: z.array(digestSchema).optional(),
});

/** Results of a round's long work: once here, nothing of it is done again. */
export type RoundOutcomes = z.infer<typeof outcomesSchema>;

/** One round on disk. What is written here is written before it is acted on. */
export interface RoundFolder {
  /** Where training keeps its checkpoints. */
  readonly training: string;
  readonly outcomes: RoundOutcomes;
  /** Adds to what is there; `change` sees what others have added meanwhile. */
  record(change: (outcomes: RoundOutcomes) => RoundOutcomes): Promise<void>;
  readonly member: MemberRoundState | null;
  writeMember(state: MemberRoundState): Promise<void>;
  readonly aggregator: AggregatorRoundState | null;
  writeAggregator(state: AggregatorRoundState): Promise<void>;
  /** The signed message for this place, or else the one that `sign` makes, kept before it is given out. */
  signedOnce(unsigned: Unsigned, sign: (unsigned: Unsigned) => Promise<Message>): Promise<Message>;
  /** @param update as it would be uploaded in clear */
  writeUpdate(update: Uint8Array): Promise<void>;
  /** The update's file. */
  readonly update: string;
}

/** @param key seals what is secret. */
export async function openRoundFolder(alliance: string, round: number, key: Uint8Array): Promise<RoundFolder> {
  const folder = join(alliance, 'rounds', String(round));
  const path = (name: string): string => join(folder, name);
  await mkdir(path('outbox'), { recursive: true, mode: 0o700 });
  let outcomes = await readOutcomes(alliance, round);
  let recording: Promise<void> = Promise.resolve();
  let member = await readSealed(path('member.sealed'), key, memberStateSchema);
  let aggregator = await readJsonFile(path('aggregator.json'), aggregatorStateSchema);
  return {
    training: path('training'),
    get outcomes() {
      return outcomes;
    },
    async record(change) {
      // Two jobs may end at once, and the file has one place to be written in.
      const before = recording;
      const { promise, resolve } = Promise.withResolvers<void>();
      recording = promise;
      await before;
      try {
        const next = { ...outcomes, ...change(outcomes) };
        await writeJsonFile(path('outcomes.json'), next);
        outcomes = next;
      } finally {
        resolve();
      }
    },
    get member() {
      return member;
    },
    async writeMember(state) {
      await writeSealed(path('member.sealed'), key, state);
      member = state;
    },
    get aggregator() {
      return aggregator;
    },
    async writeAggregator(state) {
      await writeJsonFile(path('aggregator.json'), state);
      aggregator = state;
    },
    signedOnce: (unsigned, sign) => signedOnce(path('outbox'), unsigned, sign),
    writeUpdate: (update) => writeSecretly(path('update'), [update]),
    update: path('update'),
  };
}

async function signedOnce(
  outbox: string,
  unsigned: Unsigned,
  sign: (unsigned: Unsigned) => Promise<Message>,
): Promise<Message> {
  const path = join(outbox, `${unsigned.attempt}-${unsigned.kind.replaceAll('/', '-')}.json`);
  const kept = await readJsonFile(path, messageSchema);
  if (kept !== null) return kept;
  const message = await sign(unsigned);
  await writeJsonFile(path, message);
  return message;
}

/** What of a round is done, for whoever only looks. */
export async function readOutcomes(alliance: string, round: number): Promise<RoundOutcomes> {
  return (await readJsonFile(join(alliance, 'rounds', String(round), 'outcomes.json'), outcomesSchema)) ?? {};
}

/** Removes the folders of rounds below `current` that nobody has touched for so long. */
export async function removeOldRounds(alliance: string, current: number, olderThan: Date): Promise<void> {
  const rounds = join(alliance, 'rounds');
  for (const name of await readdir(rounds).catch(() => [])) {
    const path = join(rounds, name);
    if (Number(name) >= current || (await stat(path)).mtime >= olderThan) continue;
    await rm(path, { recursive: true, force: true });
  }
}
