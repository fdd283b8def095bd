import type { Chain } from '@skein/chain';
import type { BaseError } from '@skein/core';
import type { ChainClock } from '../chain/chain-clock.ts';
import { indexChain } from '../chain/indexer.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { EventFeed } from '../relay/event-feed.ts';
import type { Database } from '../storage/database.ts';
import { allianceIds } from './alliance-store.ts';
import { followAlliance } from './follow-chain.ts';
import { createLookSchedule } from './look-schedule.ts';

/** How the hub stands with the chain. */
export interface ChainHealth {
  readonly ok: boolean;
  /** Code of the last failure. */
  readonly fault: string | null;
  readonly block: number | null;
  /** Since the last answer. */
  readonly silentSeconds: number;
}

export interface ChainWatcher {
  /**
   * Reads what is new on the chain, where it is time for that. Never rejects: a chain out of reach is a state.
   * @returns whether an alliance was read anew
   */
  lookIfDue(): Promise<boolean>;
  /** Has an alliance read again with the next look, which is due now. */
  follow(alliance: string): void;
  /** Has the next look sooner: something has probably happened there. A chain out of reach is left its pause. */
  hasten(): void;
  /** Until the next look. */
  dueInMs(): number;
  health(): ChainHealth;
}

export interface WatcherParts {
  readonly db: Database;
  readonly chain: Chain;
  readonly clock: ChainClock;
  readonly feed: EventFeed;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Between two looks. */
  readonly pollMs: number;
}

export function createChainWatcher(parts: WatcherParts): ChainWatcher {
  const { db, chain, logger } = parts;
  /** To be read from the chain; what fails stays. */
  const stale = new Set<string>();
  const schedule = createLookSchedule(parts.pollMs);
  const seen = { all: false, heardAtMs: performance.now() };
  let health: Omit<ChainHealth, 'silentSeconds'> = { ok: false, fault: null, block: null };
  const silentSeconds = (): number => (performance.now() - seen.heardAtMs) / 1000;

  async function look(): Promise<boolean> {
    const { head, changed, rewound } = await indexChain(db, chain);
    await parts.clock.follow(chain, head);
    if (rewound) logger.warn({ block: Number(head.number) }, 'The chain went back; it is indexed again.');
    const ids = changed === 'all' || !seen.all ? await everyAlliance(db) : changed;
    for (const id of ids) stale.add(id);
    seen.all = true;
    const isChanged = stale.size > 0;
    await followStale(parts, stale);
    if (!health.ok) logger.info({ block: Number(head.number) }, 'The chain answers.');
    health = { ok: true, fault: null, block: Number(head.number) };
    seen.heardAtMs = performance.now();
    return isChanged;
  }

  return {
    health: () => ({ ...health, silentSeconds: silentSeconds() }),
    follow(alliance) {
      stale.add(alliance);
      schedule.now();
    },
    hasten: () => schedule.hasten(),
    dueInMs: () => schedule.dueInMs(),
    async lookIfDue() {
      if (schedule.dueInMs() > 0) return false;
      schedule.begin();
      const isChanged = await look().catch((error: Partial<BaseError>) => {
        const { code = 'hub/internal', message } = error;
        if (health.fault !== code) logger.error({ code, reason: message }, 'The chain can’t be followed.');
        health = { ...health, ok: false, fault: code };
        return false;
      });
      schedule.end(health.ok);
      parts.metrics.chainLag.set(silentSeconds());
      return isChanged;
    },
  };
}

/** Those that were created; those, too, whose creation the chain has lost, to be dropped. */
async function everyAlliance(db: Database): Promise<Set<string>> {
  const events = db.selectFrom('chain_events').select('alliance').where('name', '=', 'AllianceCreated');
  const created = await events.where('alliance', 'is not', null).execute();
  return new Set([...created.map(({ alliance }) => alliance as string), ...(await allianceIds(db))]);
}

/** One that can't be read is no other's harm. @throws the first failure, when all were tried */
async function followStale(parts: WatcherParts, stale: Set<string>): Promise<void> {
  const failures: unknown[] = [];
  for (const id of stale) {
    await followAlliance(parts, id).then(
      () => void stale.delete(id),
      (error: unknown) => void failures.push(error),
    );
  }
  if (failures.length > 0) throw failures[0] as Error;
}
