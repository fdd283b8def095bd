import { type BlobManifest, MAX_BLOB_BYTES } from '@skein/alliance';
import { BaseError, type Digest } from '@skein/core';
import type { BlobFolder } from '../blobs/blob-folder.ts';
import type { Metrics } from '../metrics.ts';
import { type Database, transact } from '../storage/database.ts';
import type { EventFeed } from './event-feed.ts';
import type { Traffic } from './traffic.ts';

/** Takes blobs that were announced. */
export interface BlobDesk {
  /** @returns chunks that are still missing. @throws BaseError `hub/unannounced-blob`, `hub/wrong-size`, as BlobFolder */
  putManifest(root: Digest, manifest: BlobManifest): Promise<number[]>;
  /** @returns whether the blob is whole with these chunks */
  putChunks(root: Digest, first: number, data: Uint8Array): Promise<boolean>;
  missing(root: Digest): Promise<number[]>;
  /** Finds out which blobs came whole when the hub was killed before it could note so. */
  recover(): Promise<void>;
}

export interface BlobDeskParts {
  readonly db: Database;
  readonly blobs: BlobFolder;
  readonly feed: EventFeed;
  readonly traffic: Traffic;
  readonly metrics: Metrics;
}

export function createBlobDesk(parts: BlobDeskParts): BlobDesk {
  const { db, blobs, traffic, metrics } = parts;
  async function missing(root: Digest): Promise<number[]> {
    const list = await blobs.missing(root);
    if (list.length === 0) await noteWhole(parts, root);
    return list;
  }

  return {
    missing,
    async putManifest(root, manifest) {
      await assertAnnounced(db, root, manifest.sizeBytes);
      await blobs.putManifest(root, manifest);
      const row = { root, size_bytes: manifest.sizeBytes, whole: false };
      await transact(db, (write) =>
        write
          .insertInto('blobs')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      );
      return missing(root);
    },
    async putChunks(root, first, data) {
      const rest = await blobs.putChunks(root, first, data);
      traffic.countBlob(root, data.length);
      metrics.bytes.inc({ direction: 'in' }, data.length);
      if (rest === 0) await noteWhole(parts, root);
      return rest === 0;
    },
    async recover() {
      const rows = await db.selectFrom('blobs').select('root').where('whole', '=', false).execute();
      for (const { root } of rows) {
        // A manifest whose row was written, and which the retention has removed since, is nothing.
        if ((await blobs.manifest(root as Digest)) !== undefined) await missing(root as Digest);
      }
    },
  };
}

async function noteWhole({ db, feed }: BlobDeskParts, root: Digest): Promise<void> {
  const row = await db.selectFrom('blobs').select('whole').where('root', '=', root).executeTakeFirst();
  if (row === undefined || row.whole) return;
  await transact(db, async (write) => {
    await write.updateTable('blobs').set({ whole: true }).where('root', '=', root).execute();
    const announced = write.selectFrom('announcements').select(['alliance', 'round']).distinct();
    for (const { alliance, round } of await announced.where('root', '=', root).execute()) {
      await feed.record(write, { alliance, round, kind: 'message' });
    }
  });
  feed.notify();
}

/** A blob needs no sender's name of its own: whoever announced it has signed that. */
async function assertAnnounced(db: Database, root: Digest, sizeBytes: number): Promise<void> {
  const rows = await db.selectFrom('announcements').select('size_bytes').where('root', '=', root).execute();
  if (rows.length === 0) {
    throw new BaseError('hub/unannounced-blob', `No accepted message and no plan speaks of blob ${root}.`, {
      hints: ['Send the message that announces it first, then the blob.'],
    });
  }
  const isExpected = rows.some(({ size_bytes: announced }) => (announced ?? sizeBytes) === sizeBytes);
  if (isExpected && sizeBytes <= MAX_BLOB_BYTES) return;
  throw new BaseError(
    'hub/wrong-size',
    `Blob ${root} was announced with ${rows[0]?.size_bytes} bytes, not ${sizeBytes}.`,
  );
}
