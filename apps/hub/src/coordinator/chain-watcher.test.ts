import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChain } from '@skein/chain';
import { startDevelopmentChain } from '@skein/chain/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChainClock } from '../chain/chain-clock.ts';
import { HASTENED_POLL_SHARE } from '../limits.ts';
import { createLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { createEventFeed } from '../relay/event-feed.ts';
import { type Database, openEmbeddedDatabase } from '../storage/database.ts';
import { createChainWatcher } from './chain-watcher.ts';

const POLL_MS = 3_600_000;
let directory: string;
let db: Database;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-watcher-'));
  db = await openEmbeddedDatabase(join(directory, 'database'));
});
afterAll(async () => {
  await db.destroy();
  await rm(directory, { recursive: true });
});

it('looks sooner when it is told to, also while it looks, but leaves a chain out of reach its pause', async () => {
  const development = await startDevelopmentChain({ directory: join(directory, 'chain'), port: 0 });
  const { rpcUrl, book } = development;
  const services = { clock: createChainClock(), metrics: createMetrics(), logger: createLogger('silent') };
  const parts = { db, chain: createChain({ rpcUrl, book }), feed: createEventFeed(db), pollMs: POLL_MS, ...services };
  const watcher = createChainWatcher(parts);
  expect(watcher.dueInMs()).toBe(0);
  const looking = watcher.lookIfDue();
  watcher.hasten();
  await looking;
  expect(watcher.health().ok).toBe(true);
  expect(watcher.dueInMs()).toBeLessThanOrEqual(POLL_MS * HASTENED_POLL_SHARE);
  expect(watcher.dueInMs()).toBeGreaterThan(0);

  watcher.follow('1');
  await development.stop();
  await watcher.lookIfDue();
  expect(watcher.health()).toMatchObject({ ok: false, fault: 'chain/unreachable' });
  const pauseMs = watcher.dueInMs();
  watcher.hasten();
  expect(watcher.dueInMs()).toBeGreaterThan(pauseMs / 2);
});
