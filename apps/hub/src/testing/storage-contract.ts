import {
  digestFromHash,
  hashOfDigest,
  merkleLeafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from '@skein/core';
import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { appendToLog, consistencyProof, inclusionProof, logSize, logState, readEntries } from '../log/log-store.ts';
import { type Database, transact } from '../storage/database.ts';

const entry = (index: number): Uint8Array => new TextEncoder().encode(`entry ${index}`);

/** What every database must do alike. Opens it once: starting takes seconds. */
export function storageContract(name: string, open: () => Promise<Database>): void {
  describe(`storage on ${name}`, () => {
    let db: Database;
    beforeAll(async () => {
      db = await open();
    }, 60_000);

    it('gives types back alike', async () => {
      const data = Uint8Array.of(0, 255, 92, 39);
      await db
        .insertInto('log_nodes')
        .values({ level: 60, index: 2 ** 53 - 1, hash: data })
        .execute();
      const row = await db.selectFrom('log_nodes').selectAll().where('level', '=', 60).executeTakeFirstOrThrow();
      expect(row).toEqual({ level: 60, index: 2 ** 53 - 1, hash: data });
      expect(row.hash.constructor).toBe(Uint8Array);
      await db
        .insertInto('blobs')
        .values({ root: 'a', size_bytes: 2 ** 40, whole: false })
        .execute();
      const blob = await db.selectFrom('blobs').selectAll().executeTakeFirstOrThrow();
      expect(blob).toEqual({ root: 'a', size_bytes: 2 ** 40, whole: false });
      const event = { alliance: '1', kind: 'phase', round: null };
      const { id } = await db.insertInto('events').values(event).returning('id').executeTakeFirstOrThrow();
      expect(id).toBe(1);
      const { count } = await db
        .selectFrom('events')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      expect(count).toBe(1);
      expect(await db.selectFrom('events').selectAll().executeTakeFirst()).toEqual({ id: 1, ...event });
    });

    it('keeps text as it is', async () => {
      const json = '{"name":"Jürgen \\u0000 🪿"}';
      await db.insertInto('plans').values({ digest: 'd', json }).execute();
      expect(await db.selectFrom('plans').selectAll().executeTakeFirst()).toEqual({ digest: 'd', json });
    });

    it('undoes a transaction that fails, and names the key that was there', async () => {
      const insert = transact(db, async (write) => {
        await write.insertInto('plans').values({ digest: 'x', json: '{}' }).execute();
        await write.insertInto('plans').values({ digest: 'x', json: '{}' }).execute();
      });
      await expect(insert).rejects.toMatchObject({ code: '23505' });
      expect(await db.selectFrom('plans').selectAll().where('digest', '=', 'x').execute()).toEqual([]);
    });

    it('appends to the log one after the other, however many write at once', async () => {
      const indices = await Promise.all(
        Array.from({ length: 20 }, (_, at) => transact(db, (write) => appendToLog(write, [entry(at)]))),
      );
      expect(indices.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at));
      const more = Array.from({ length: 13 }, (_, at) => entry(20 + at));
      expect(await transact(db, (write) => appendToLog(write, more))).toBe(20);
      expect(await logSize(db)).toBe(33);
    });

    it('has the root and the proofs of RFC 9162 over its entries', async () => {
      const size = await logSize(db);
      const entries = await readEntries(db, 0, size);
      const leaves = entries.map(merkleLeafHash);
      const { root } = await logState(db, size);
      expect(root).toBe(digestFromHash(merkleRoot(leaves)));
      for (const index of [0, 7, 16, 22, 32]) {
        const proof = (await inclusionProof(db, index, size)).map(hashOfDigest);
        const leafHash = leaves[index] as Uint8Array;
        expect(verifyInclusion({ leafHash, index, size, root: hashOfDigest(root), proof })).toBe(true);
        const old = await logState(db, index + 1);
        const claim = {
          oldSize: index + 1,
          newSize: size,
          newRoot: hashOfDigest(root),
          oldRoot: hashOfDigest(old.root),
        };
        const grown = (await consistencyProof(db, index + 1, size)).map(hashOfDigest);
        expect(verifyConsistency({ ...claim, proof: grown })).toBe(true);
      }
      expect(await readEntries(db, 20, 22)).toEqual([entry(20), entry(21)]);
    });

    it('leaves the log as it was where the transaction around an append fails', async () => {
      const append = transact(db, async (write) => {
        await appendToLog(write, [entry(33)]);
        await sql`select 1 / 0`.execute(write);
      });
      await expect(append).rejects.toMatchObject({ code: '22012' });
      expect(await logSize(db)).toBe(33);
      expect(await transact(db, (write) => appendToLog(write, [entry(33)]))).toBe(33);
    });
  });
}
