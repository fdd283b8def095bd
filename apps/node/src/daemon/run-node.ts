import { type Address, addressSchema, type SigningDomain } from '@skein/alliance';
import type { HubClient, Info } from '@skein/client';
import { parseNoteKey } from '@skein/core';
import { acquireRunLock } from '@skein/engine/files';
import type { Logger } from 'pino';
import { createChainPort } from '../chain/create-chain-port.ts';
import type { Role } from '../config/node-config.ts';
import { openChain, openHub, readInfo } from '../connect.ts';
import { openVerifiedLog, type VerifiedLog } from '../log/verified-log.ts';
import { type OpenedNode, openNode } from '../open-node.ts';
import { type BlobStore, openBlobStore } from '../storage/blob-store.ts';
import { openPlanTrainer } from '../trainers/open-plan-trainer.ts';
import { createPlanTrainer, type PlanTrainer } from '../trainers/plan-trainer.ts';
import type { AllianceContext } from './alliance-context.ts';
import { createCalculator } from './calculator.ts';
import { allianceFolder, type Membership, readMemberships } from './membership.ts';
import { createOutages } from './outages.ts';
import { runAlliance } from './run-alliance.ts';
import { signerOf } from './signer-of.ts';
import { startTransfers } from './start-transfers.ts';
import { createWake } from './wake.ts';

export interface RunNodeOptions {
  readonly directory: string;
  /** Instead of those in node.json. */
  readonly roles?: readonly Role[] | undefined;
  readonly logger: Logger;
  /** Stops the node: training is saved where it stands. */
  readonly signal: AbortSignal;
  /** Called once the directory is locked and the account open; hub and chain may still be down. */
  readonly onReady: (node: { readonly address: Address }) => void;
}

/** Looks for alliances that were joined or left meanwhile this often. */
const SCAN_MS = 2000;

/**
 * Runs a node until `signal` stops it: takes part in every alliance that its directory says it has joined.
 * @throws BaseError of a directory that can't be used; hub and chain are waited for.
 */
export async function runNode(options: RunNodeOptions): Promise<void> {
  const { directory, signal, onReady } = options;
  const lock = await acquireRunLock(directory);
  try {
    const node = await openNode(directory);
    onReady({ address: node.keys.current });
    const shared = await connect(node, options);
    if (shared !== undefined) await runAlliances(shared, options);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await lock.release();
  }
}

/** What all alliances of a node share. */
interface Shared {
  readonly node: OpenedNode;
  readonly hub: HubClient;
  readonly info: Info;
  readonly log: VerifiedLog;
  readonly domain: SigningDomain;
}

/** @returns undefined where the node was stopped before the hub could be reached. */
async function connect(node: OpenedNode, { logger, signal }: RunNodeOptions): Promise<Shared | undefined> {
  const { directory, config } = node;
  const hub = openHub(config, signal);
  const outages = createOutages(logger);
  const wake = createWake();
  while (!signal.aborted) {
    try {
      const info = await readInfo(directory, hub);
      const log = await openVerifiedLog({ directory, hub, key: parseNoteKey(info.logKey) });
      outages.ended();
      const { chainId, alliance } = info.chain;
      return { node, hub, info, log, domain: { chainId, contract: addressSchema.parse(alliance) } };
    } catch (error) {
      signal.throwIfAborted();
      await wake.wait(outages.failed(error), signal);
    }
  }
  return undefined;
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

async function runAlliances(shared: Shared, options: RunNodeOptions): Promise<void> {
  const { directory, logger, signal } = options;
  const running = new Map<string, Running>();
  const wake = createWake();
  try {
    for (;;) {
      for (const membership of await readMemberships(directory)) {
        const { alliance, left } = membership;
        const current = running.get(alliance);
        if (left) current?.stop.abort(new Error('left'));
        else if (current === undefined) {
          const stop = new AbortController();
          const both = AbortSignal.any([signal, stop.signal]);
          running.set(alliance, { stop, ended: start(shared, membership, { ...options, signal: both }) });
        }
      }
      await wake.wait(SCAN_MS, signal);
    }
  } finally {
    await Promise.all([...running.values()].map(({ ended }) => ended));
    if (running.size > 0) logger.info('All work is saved.');
  }
}

async function start(shared: Shared, membership: Membership, options: RunNodeOptions): Promise<void> {
  const logger = options.logger.child({ alliance: membership.alliance });
  let trainer: Promise<PlanTrainer> | undefined;
  let context: AllianceContext | undefined;
  try {
    context = await contextOf(shared, membership, { ...options, logger });
    const { trainer: open } = context;
    const opened = (): Promise<PlanTrainer> => {
      trainer ??= open().catch((error: unknown) => {
        trainer = undefined;
        throw error;
      });
      return trainer;
    };
    await runAlliance({ ...context, trainer: opened }, options.signal);
  } catch (error) {
    if (!options.signal.aborted) logger.error(error);
  } finally {
    await Promise.all([context?.calculator.close(), context?.transfers.close()]);
    await (await trainer?.catch(() => undefined))?.close();
  }
}

async function contextOf(
  { node, hub, info, log, domain }: Shared,
  membership: Membership,
  { directory, logger, roles }: RunNodeOptions,
): Promise<AllianceContext> {
  const { keys, readConfig, readPolicy } = node;
  const config = await readConfig();
  const { alliance, address, plan, model, data, trainer } = membership;
  const account = await keys.account(address);
  const transfers = startTransfers(config);
  const blobs: BlobStore = await openBlobStore(`${allianceFolder(directory, alliance)}/blobs`, transfers);
  return {
    directory,
    folder: allianceFolder(directory, alliance),
    config,
    roles: new Set(roles ?? config.roles),
    membership,
    domain,
    signer: signerOf(account),
    storageKey: await keys.storageKey(address),
    hub,
    chain: createChainPort(openChain(config, info, account), alliance),
    log,
    blobs,
    calculator: createCalculator(),
    transfers,
    logger,
    readPolicy,
    trainer: async () =>
      createPlanTrainer(plan, await openPlanTrainer(directory, await readConfig(), { plan, trainer, model, data })),
  };
}
