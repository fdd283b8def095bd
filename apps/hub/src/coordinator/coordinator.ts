import { nextRoundAction } from '@skein/alliance';
import { anchorLog, type Chain } from '@skein/chain';
import { ADVANCE_MS } from '../limits.ts';
import { logSize, logState } from '../log/log-store.ts';
import type { Logger } from '../logger.ts';
import { type AdvanceParts, advanceAlliance } from './advance-alliance.ts';
import { allianceIds, findAlliance } from './alliance-store.ts';
import { createBell } from './bell.ts';
import { type ChainHealth, createChainWatcher } from './chain-watcher.ts';
import { createKeeperQueue, type KeeperQueue } from './keeper-queue.ts';
import { isWhole } from './round-facts.ts';

export interface Coordinator {
  /** Something happened that may take rounds on: a message, a whole blob, a plan. */
  poke(): void;
  /** The alliance must be read from the chain again, for instance since its plan has come. */
  follow(alliance: string): void;
  /** Somebody says that something happened on the chain. */
  lookAtChain(): void;
  chainHealth(): ChainHealth;
  /** Runs until `signal` aborts; rejects only with faults of ours. */
  run(): Promise<void>;
}

export interface CoordinatorParts extends AdvanceParts {
  readonly chain: Chain;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Between two looks at the chain. */
  readonly pollMs: number;
}

/**
 * The loop that keeps alliances going: look at the chain, take every round as far as facts allow, store that, and only
 * then send transactions. It keeps nothing in memory that it couldn't find again in database and chain.
 */
export function createCoordinator(parts: CoordinatorParts): Coordinator {
  const { signal, logger } = parts;
  const bell = createBell(signal);
  const watcher = createChainWatcher(parts);
  const lookAtChain = (): void => {
    watcher.hasten();
    bell.ring();
  };
  const queue = createKeeperQueue({ ...parts, done: lookAtChain });
  let isPoked = true;
  return {
    poke() {
      isPoked = true;
      bell.ring();
    },
    lookAtChain,
    follow(alliance) {
      watcher.follow(alliance);
      bell.ring();
    },
    chainHealth: () => watcher.health(),
    async run() {
      let nextMs = 0;
      while (!signal.aborted) {
        const isChanged = await watcher.lookIfDue();
        // Deadlines are whole seconds.
        if (isPoked || isChanged || performance.now() >= nextMs) {
          isPoked = false;
          nextMs = performance.now() + ADVANCE_MS;
          await advanceAll(parts, queue).catch((error: unknown) => {
            // A full disk or a database that is away: nothing was stored, and the next turn finds the same facts.
            logger.error({ error }, 'Rounds could not be taken on.');
          });
        }
        await bell.wait(Math.min(watcher.dueInMs(), ADVANCE_MS));
      }
      await queue.idle();
    },
  };
}

async function advanceAll(parts: CoordinatorParts, queue: KeeperQueue): Promise<void> {
  for (const id of await allianceIds(parts.db)) {
    // What is wrong with one alliance is no other's harm.
    await advance(parts, queue, id).catch((error: unknown) => {
      parts.logger.error({ error, alliance: id }, 'An alliance could not be taken on.');
    });
  }
  parts.metrics.logSize.set(await logSize(parts.db));
  await anchorIfDue(parts, queue);
}

async function advance(parts: CoordinatorParts, queue: KeeperQueue, id: string): Promise<void> {
  const known = await findAlliance(parts.db, id);
  if (known === undefined || known.plan === null) return;
  queue.wish(id, await advanceAlliance(parts, id, known.plan));
  const { reading, plan, currentRound } = known;
  // Members can't start a round whose model they can't fetch.
  if (reading.status !== 'active' || !(await isWhole(parts.db, reading.model))) return;
  const action = nextRoundAction(plan, {
    status: reading.status,
    paused: reading.paused,
    round: reading.round,
    isRoundOpen: currentRound?.status === 'open' || currentRound?.status === 'voting',
    memberCount: reading.members.filter(({ isActive }) => isActive).length,
  });
  if (action !== null) queue.wish(id, [action]);
}

/** After each closed round the log is anchored, its result included. */
async function anchorIfDue({ db, chain, log }: CoordinatorParts, queue: KeeperQueue): Promise<void> {
  const result = await db
    .selectFrom('rounds')
    .select(({ fn }) => fn.max('log_index').as('index'))
    .executeTakeFirst();
  const anchor = await db
    .selectFrom('log_anchors')
    .select(({ fn }) => fn.max('size').as('size'))
    .executeTakeFirst();
  const index = result?.index ?? null;
  if (index === null || index < (anchor?.size ?? 0)) return;
  queue.send('anchorLog', async () => {
    const state = await logState(db, await logSize(db));
    const { status } = await anchorLog(chain, { origin: log.origin, ...state });
    await db.insertInto('log_anchors').values(state).execute();
    return status;
  });
}
