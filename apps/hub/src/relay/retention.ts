import { type Plan, planSchema } from '@skein/alliance';
import type { Digest } from '@skein/core';
import type { BlobFolder } from '../blobs/blob-folder.ts';
import { allianceReadingSchema } from '../chain/alliance-reading.ts';
import { type Database, transact } from '../storage/database.ts';
import { fromText } from '../storage/json.ts';

/**
 * Removes blobs whose time is over: all rounds that announced them were closed longer ago than their plans keep what a
 * replay needs. An alliance's present model and the one it began with stay.
 * @param now seconds on the chain's clock
 * @returns how many went
 */
export async function removeExpiredBlobs(db: Database, blobs: BlobFolder, now: number): Promise<number> {
  const kept = await keptRoots(db, now);
  const rows = await db.selectFrom('blobs').select('root').execute();
  const expired = rows.filter(({ root }) => !kept.has(root));
  for (const { root } of expired) {
    // The row goes first: a blob without one is removed again, a row without its blob would promise what isn't there.
    await transact(db, (write) => write.deleteFrom('blobs').where('root', '=', root).execute());
    await blobs.remove(root as Digest);
  }
  return expired.length;
}

async function keptRoots(db: Database, now: number): Promise<Set<string>> {
  const kept = new Set<string>();
  const retention = new Map<string, number>();
  for (const { id, chain, plan_digest: digest } of await db.selectFrom('alliances').selectAll().execute()) {
    const { model, initialModel } = fromText(allianceReadingSchema, chain);
    kept.add(model).add(initialModel);
    const row = await db.selectFrom('plans').select('json').where('digest', '=', digest).executeTakeFirst();
    const plan: Plan | undefined = row && fromText(planSchema, row.json);
    if (plan !== undefined) retention.set(id, plan.retentionSeconds);
  }
  const announced = await db
    .selectFrom('announcements')
    .leftJoin('rounds', (join) =>
      join.onRef('rounds.alliance', '=', 'announcements.alliance').onRef('rounds.round', '=', 'announcements.round'),
    )
    .select(['announcements.root', 'announcements.alliance', 'announcements.kind', 'rounds.closed_at'])
    .execute();
  for (const { root, alliance, kind, closed_at: closedAt } of announced) {
    const keepSeconds = retention.get(alliance) ?? Number.POSITIVE_INFINITY;
    if (kind === 'plan' || closedAt === null || closedAt + keepSeconds > now) kept.add(root);
  }
  return kept;
}
