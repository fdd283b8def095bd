import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { addressSchema } from '@skein/alliance';
import { type AddressBook, createChain } from '@skein/chain';
import { BaseError, formatNoteKey } from '@skein/core';
import { openBlobFolder } from './blobs/blob-folder.ts';
import { createChainClock } from './chain/chain-clock.ts';
import { openOperatorKey } from './chain/operator-key.ts';
import { createCoordinator } from './coordinator/coordinator.ts';
import { createApp } from './http/create-app.ts';
import { listen } from './http/listen.ts';
import type { HubServices } from './hub-services.ts';
import { CHAIN_POLL_MS, LOCAL_CHAIN_POLL_MS, RETENTION_INTERVAL_MS } from './limits.ts';
import { openLogSigner } from './log/key-file.ts';
import { createTransparencyLog } from './log/transparency-log.ts';
import type { Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createMessageDesk } from './relay/accept-message.ts';
import { createBlobDesk } from './relay/blob-desk.ts';
import { createEventFeed } from './relay/event-feed.ts';
import { removeExpiredBlobs } from './relay/retention.ts';
import { createTraffic } from './relay/traffic.ts';
import { type Database, openEmbeddedDatabase, openServerDatabase } from './storage/database.ts';
import { lockDirectory } from './storage/directory-lock.ts';
import { assertIdentity } from './storage/identity.ts';

export interface HubOptions {
  /** Keys, blobs, and the embedded database; made if needed, and this process's alone. */
  readonly directory: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly rpcUrl: string;
  readonly book: AddressBook;
  /** A PostgreSQL server instead of the embedded database. */
  readonly databaseUrl?: string | undefined;
  /** Whether clients may reach the chain through `/rpc`. */
  readonly offersRpc: boolean;
  readonly logger: Logger;
}

export interface Hub {
  readonly url: string;
  /** Rejects with a fault of ours that ended the hub. */
  readonly ended: Promise<void>;
  /** Lets requests under way end, and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts a hub. A chain that doesn't answer is waited for; one with another id is refused.
 * @throws BaseError `hub/directory-in-use`, `hub/port-in-use`, `hub/other-identity`, `hub/bad-key`, `chain/wrong-chain`,
 * `chain/not-deployed`
 */
export async function createHub(options: HubOptions): Promise<Hub> {
  const { directory, logger } = options;
  await mkdir(directory, { recursive: true });
  const lock = lockDirectory(directory);
  const open: (() => unknown)[] = [() => lock.release()];
  const closeAll = async (): Promise<void> => {
    for (const close of open.splice(0).toReversed()) await close();
  };
  try {
    const shutdown = new AbortController();
    const services = await createServices(options, shutdown.signal, open);
    await services.blobDesk.recover();
    const { server, url } = await listen(createApp(services), options);
    open.push(() => server.close());
    const stopTimers = startTimers(services);
    const ended = services.coordinator.run();
    logger.info({ url, operator: services.chain.account?.address }, 'The hub is ready.');
    return {
      url,
      ended,
      async close() {
        stopTimers();
        shutdown.abort();
        await ended.catch(() => undefined);
        await services.traffic.flush().catch(() => undefined);
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function createServices(options: HubOptions, signal: AbortSignal, open: (() => unknown)[]): Promise<HubServices> {
  const { directory, rpcUrl, book, logger, offersRpc } = options;
  const account = await openOperatorKey(join(directory, 'operator.key'));
  const chain = createChain({ rpcUrl, book, account });
  await chain.verify().catch((error: unknown) => {
    if (!(error instanceof BaseError) || error.code !== 'chain/unreachable') throw error;
    logger.warn({ reason: error.message }, 'The chain doesn’t answer yet.');
  });
  const signer = await openLogSigner(join(directory, 'log.key'));
  const db = await openDatabase(options);
  open.push(() => db.destroy());
  const contract = addressSchema.parse(book.alliance);
  await assertIdentity(db, { chainId: String(book.chainId), contract, logKey: formatNoteKey(signer.key) });
  const metrics = createMetrics();
  const clock = createChainClock();
  const log = createTransparencyLog(db, signer);
  const blobs = await openBlobFolder(join(directory, 'blobs'));
  const feed = createEventFeed(db);
  const traffic = createTraffic(db);
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(rpcUrl).hostname);
  const pollMs = isLocal ? LOCAL_CHAIN_POLL_MS : CHAIN_POLL_MS;
  const parts = { db, chain, clock, log, blobs, feed, traffic, metrics, logger, signal, offersRpc, pollMs };
  const coordinator = createCoordinator(parts);
  return {
    ...parts,
    coordinator,
    messages: createMessageDesk({ ...parts, domain: { chainId: book.chainId, contract } }),
    blobDesk: createBlobDesk(parts),
  };
}

function openDatabase({ directory, databaseUrl }: HubOptions): Promise<Database> {
  return databaseUrl === undefined
    ? openEmbeddedDatabase(join(directory, 'database'))
    : openServerDatabase(databaseUrl);
}

/** Counts are written each second; blobs whose time is over go every ten minutes. */
function startTimers({ db, blobs, clock, traffic, logger }: HubServices): () => void {
  const report = (error: unknown): void => logger.error({ error }, 'A task of the background failed.');
  const counts = setInterval(() => void traffic.flush().catch(report), 1000);
  const retention = setInterval(() => {
    removeExpiredBlobs(db, blobs, clock.now())
      .then((removed) => removed > 0 && logger.info({ removed }, 'Blobs went whose time was over.'))
      .catch(report);
  }, RETENTION_INTERVAL_MS);
  return () => {
    clearInterval(counts);
    clearInterval(retention);
  };
}
