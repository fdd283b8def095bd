import { DatabaseSync } from 'node:sqlite';
import { BaseError } from '@skein/core';
import type { Address, Hex } from 'viem';

/** A transaction as it was handed in, and the timestamp of the block it was put into. */
export interface JournalEntry {
  readonly sequence: number;
  readonly raw: Hex;
  readonly timestamp: number;
}

/**
 * Every transaction of a development chain in order, each on disk before the chain sees it. The file is held exclusively,
 * so it is the lock of the directory as well: the system frees it with the process, however that ends.
 */
export interface ChainJournal {
  /** Durable when it returns. @returns its place, counted from 1 */
  append(raw: Hex, timestamp: number): number;
  /** Takes back the last entry, which the chain refused. */
  remove(sequence: number): void;
  lastSequence(): number;
  after(sequence: number): readonly JournalEntry[];
  /** Counts a funding of an address. @returns how often it was funded, this time included */
  countFunding(account: Address): number;
  close(): void;
}

/** @throws BaseError `chain/directory-in-use`, `chain/journal-broken` */
export function openJournal(path: string): ChainJournal {
  const database = openExclusively(path);
  const insert = database.prepare('INSERT INTO entry (sequence, raw, timestamp) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM entry WHERE sequence = ?');
  const last = database.prepare('SELECT coalesce(max(sequence), 0) AS sequence FROM entry');
  const after = database.prepare('SELECT sequence, raw, timestamp FROM entry WHERE sequence > ? ORDER BY sequence');
  const fund = database.prepare(
    'INSERT INTO funding VALUES (?, 1) ON CONFLICT (account) DO UPDATE SET count = count + 1 RETURNING count',
  );
  const lastSequence = (): number => Number(last.get()?.sequence);
  return {
    append(raw, timestamp) {
      const sequence = lastSequence() + 1;
      insert.run(sequence, raw, timestamp);
      return sequence;
    },
    remove(sequence) {
      remove.run(sequence);
    },
    lastSequence,
    after: (sequence) => after.all(sequence) as unknown as JournalEntry[],
    countFunding: (account) => Number(fund.get(account.toLowerCase())?.count),
    close: () => database.close(),
  };
}

function openExclusively(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    // In this mode the first access takes a lock that is kept until the file is closed; each commit is synced.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec(`BEGIN EXCLUSIVE;
      CREATE TABLE IF NOT EXISTS entry (sequence INTEGER PRIMARY KEY, raw TEXT NOT NULL, timestamp INTEGER NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS funding (account TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
      COMMIT;`);
    return database;
  } catch (cause) {
    database.close();
    if (/locked/.test(String(cause))) {
      throw new BaseError('chain/directory-in-use', `Another process runs the chain of ${path}.`, {
        info: { path },
        hints: ['Stop it, or choose another directory.'],
        cause,
      });
    }
    throw new BaseError('chain/journal-broken', `The journal ${path} can't be read: ${String(cause)}.`, {
      info: { path },
      hints: ['Restore the directory from a backup, or begin a new chain in another directory.'],
      cause,
    });
  }
}
