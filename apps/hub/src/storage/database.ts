import { PGlite } from '@electric-sql/pglite';
import { BaseError } from '@skein/core';
import { Kysely, PGliteDialect, PostgresDialect, sql, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { MAX_REMEMBERED_ANSWERS } from '../limits.ts';
import { migrations } from './migrations.ts';
import type { Tables } from './tables.ts';

export type Database = Kysely<Tables>;
export type Write = Transaction<Tables>;

const INT8 = 20;
const BYTEA = 17;

/** Both databases give the same types, whatever their drivers think. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: Number,
  [BYTEA]: (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex')),
};

/**
 * Opens the embedded database in a folder, and brings its tables up to date. The caller holds the folder's lock.
 * One connection: transactions queue.
 */
export async function openEmbeddedDatabase(directory: string): Promise<Database> {
  const pglite = await PGlite.create({ dataDir: directory, parsers: { ...parsers } });
  const db = await migrate(new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) }));
  answers.set(db, new Map());
  return db;
}

/** Opens a database on a PostgreSQL server, and brings its tables up to date. Several hubs may share it. */
export async function openServerDatabase(url: string): Promise<Database> {
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      format === 'binary' ? pg.types.getTypeParser(oid, format) : (parsers[oid] ?? pg.types.getTypeParser(oid, 'text')),
  };
  const pool = new pg.Pool({ connectionString: url, types });
  // An idle connection that the server closes is opened again with the next query.
  pool.on('error', () => undefined);
  return migrate(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }));
}

async function migrate(db: Database): Promise<Database> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return db;
  await db.destroy();
  throw new BaseError('hub/database', `The database could not be opened: ${(error as Error).message}`, {
    hints: ['Make sure that it is reachable, and that no newer hub has used it.'],
    cause: error,
  });
}

/**
 * Runs a write transaction. All writers of a database wait for each other, so that entries of the log and events get
 * their numbers in the order in which they become visible.
 */
export async function transact<Result>(db: Database, run: (write: Write) => Promise<Result>): Promise<Result> {
  try {
    return await db.transaction().execute(async (write) => {
      await sql`select pg_advisory_xact_lock(7361546)`.execute(write);
      return run(write);
    });
  } finally {
    answers.get(db)?.clear();
  }
}

/** What was read of an embedded database since the last write: it has no other writer than this process. */
const answers = new WeakMap<Database, Map<string, Promise<unknown>>>();

/**
 * Reads once for all who ask the same between two writes; members all look at the same moment. Of a server's database,
 * which others may write to, it reads each time.
 * @param question names what `read` reads
 */
export function readOnce<Answer>(db: Database, question: string, read: () => Promise<Answer>): Promise<Answer> {
  const known = answers.get(db);
  const answer = (known?.get(question) as Promise<Answer> | undefined) ?? read();
  if (known !== undefined && known.size >= MAX_REMEMBERED_ANSWERS) known.clear();
  known?.set(question, answer);
  answer.catch(() => known?.delete(question));
  return answer;
}
