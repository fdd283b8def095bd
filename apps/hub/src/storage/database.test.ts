import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { storageContract } from '../testing/storage-contract.ts';
import { type Database, openEmbeddedDatabase, openServerDatabase } from './database.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of toClose.toReversed()) await close();
});
const kept = (db: Database): Database => {
  toClose.push(() => db.destroy());
  return db;
};

storageContract('PGlite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'skein-pglite-'));
  toClose.push(() => rm(directory, { recursive: true }));
  return kept(await openEmbeddedDatabase(directory));
});

const programs = findPostgres();
const reason = programs === undefined ? 'skipped, since this machine has no initdb' : 'on a real server';
describe.skipIf(programs === undefined)(`PostgreSQL, ${reason}`, () => {
  storageContract('PostgreSQL', async () => {
    const server: PostgresServer = await startPostgres(programs ?? '');
    toClose.push(() => server.close());
    return kept(await openServerDatabase(server.url));
  });
});
