import { join } from 'node:path';
import { startDevelopmentChain } from '@skein/chain/node';
import type { Digest } from '@skein/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBlobFolder } from './blobs/blob-folder.ts';
import { createHub } from './create-hub.ts';
import { createLogger } from './logger.ts';
import { removeExpiredBlobs } from './relay/retention.ts';
import { openServerDatabase } from './storage/database.ts';
import { findPostgres, startPostgres } from './testing/postgres-server.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import { clientOf, createTestAlliance, introduce, playRound, uploadOf } from './testing/test-alliance.ts';
import { testPlan } from './testing/test-plan.ts';

const programs = findPostgres();
const reason = programs === undefined ? 'skipped, since this machine has no initdb' : 'a real server';

describe.skipIf(programs === undefined)(`a hub on PostgreSQL (${reason})`, () => {
  it('plays a round, and lets blobs go when their time is over', async () => {
    const directory = await temporaryDirectory();
    const server = await startPostgres(programs ?? '');
    onTestFinished(() => server.close());
    const chain = await startDevelopmentChain({ directory: join(directory, 'chain'), port: 0 });
    onTestFinished(() => chain.stop());
    const { rpcUrl, book } = chain;
    const hub = await createHub({
      directory: join(directory, 'hub'),
      host: '127.0.0.1',
      port: 0,
      rpcUrl,
      book,
      databaseUrl: server.url,
      offersRpc: false,
      logger: createLogger('silent'),
    });
    onTestFinished(() => hub.close());
    const client = clientOf(hub.url);
    const alliance = await createTestAlliance(chain, testPlan({ rounds: 1, retentionSeconds: 60 }));
    await introduce(alliance, client);
    await playRound(alliance, client, 1);
    const [closed] = await client.closedRounds(alliance.id);
    if (closed === undefined) throw new Error('no closed round');
    await expect.poll(async () => (await client.alliance(alliance.id)).status).toBe('finished');
    const { money } = await client.alliance(alliance.id);
    expect(Number(money.paid) + Number(money.refunded)).toBe(6000);

    const db = await openServerDatabase(server.url);
    onTestFinished(() => db.destroy());
    const blobs = await openBlobFolder(join(directory, 'hub', 'blobs'));
    const there = async (root: Digest | null) => (root === null ? false : (await blobs.manifest(root)) !== undefined);
    expect(await removeExpiredBlobs(db, blobs, closed.closedAt + 59)).toBe(0);
    expect([await there(uploadOf(0).root), await there(closed.sum)]).toEqual([true, true]);
    expect(await removeExpiredBlobs(db, blobs, closed.closedAt + 60)).toBe(4);
    expect([await there(uploadOf(0).root), await there(closed.sum)]).toEqual([false, false]);
    // The model that came of it, and the one it began with, stay.
    expect([await there(closed.result.model), await there(alliance.plan.initialModel)]).toEqual([true, true]);
  }, 180_000);
});
