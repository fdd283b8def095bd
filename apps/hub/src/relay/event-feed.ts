import type { HubEvent } from '@skein/client';
import { EVENT_POLL_MS, MAX_EVENTS_AT_ONCE, MAX_KEPT_EVENTS } from '../limits.ts';
import { type Database, readOnce, type Write } from '../storage/database.ts';

/** What changed, in order, for clients that listen. */
export interface EventFeed {
  /** Records an event in the transaction of what it tells. Call `notify` after the commit. */
  record(write: Write, event: Omit<HubEvent, 'id'>): Promise<void>;
  notify(): void;
  /** The number of the newest event. */
  newest(): Promise<number>;
  /** Events of an alliance after one, oldest first; `MAX_EVENTS_AT_ONCE` of them. */
  after(alliance: string, id: number): Promise<HubEvent[]>;
  /** Resolves after `notify`, a poll's time, or the signal's abort. */
  changed(signal: AbortSignal): Promise<void>;
}

export function createEventFeed(db: Database): EventFeed {
  let waiting: (() => void)[] = [];
  return {
    async record(write, event) {
      const { id } = await write.insertInto('events').values(event).returning('id').executeTakeFirstOrThrow();
      if (id % MAX_KEPT_EVENTS === 0) {
        await write
          .deleteFrom('events')
          .where('id', '<', id - MAX_KEPT_EVENTS)
          .execute();
      }
    },
    notify() {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    async newest() {
      const row = await db.selectFrom('events').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
      return row?.id ?? 0;
    },
    async after(alliance, id) {
      const events = db.selectFrom('events').selectAll().where('alliance', '=', alliance).where('id', '>', id);
      const next = events.orderBy('id').limit(MAX_EVENTS_AT_ONCE);
      return (await readOnce(db, `events ${alliance} ${id}`, () => next.execute())) as HubEvent[];
    },
    changed(signal) {
      return new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', finish);
          resolve();
        };
        const timer = setTimeout(finish, EVENT_POLL_MS);
        signal.addEventListener('abort', finish, { once: true });
        if (signal.aborted) finish();
        else waiting.push(finish);
      });
    },
  };
}
