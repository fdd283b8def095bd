import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfBytes } from '@skein/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KnownAlliance } from '../coordinator/alliance-store.ts';
import { type Database, openEmbeddedDatabase } from '../storage/database.ts';
import { allianceRecord } from './alliance-record.ts';

let directory: string;
let db: Database;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-record-'));
  db = await openEmbeddedDatabase(directory);
});
afterAll(async () => {
  await db.destroy();
  await rm(directory, { recursive: true });
});

const digest = digestOfBytes(Uint8Array.of(1));
const reading = { id: '1', status: 'finished', paused: false, creator: `0x${'12'.repeat(20)}`, members: [] };
const known = {
  reading: { ...reading, planDigest: digest, model: digest, params: { pool: '900' } },
  plan: null,
  currentRound: null,
} as unknown as KnownAlliance;

let position = 0;
const happened = (name: string, args: object) =>
  db
    .insertInto('chain_events')
    .values({ block: 1, position: ++position, alliance: '1', name, time: 5, args: JSON.stringify(args) })
    .execute();

it('an alliance is shown as over only when all its payments are, so that no money looks held', async () => {
  await happened('RoundClosed', { paid: '400' });
  expect(await allianceRecord(db, known)).toMatchObject({
    status: 'active',
    money: { in: '900', paid: '400', refunded: '0', held: '500' },
  });
  await happened('RoundClosed', { paid: '450' });
  expect(await allianceRecord(db, known)).toMatchObject({ status: 'active', money: { held: '50' } });
  await happened('AllianceClosed', { refund: '50' });
  expect(await allianceRecord(db, known)).toMatchObject({
    status: 'finished',
    roundsClosed: 2,
    money: { in: '900', paid: '850', refunded: '50', held: '0' },
  });
});
