import type { Digest, LogState } from '@skein/core';
import { openEmbeddedDatabase, transact } from '../storage/database.ts';
import { appendToLog, inclusionProof, logSize, logState } from './log-store.ts';

/** A log in an embedded database of its own, without hub and signatures: for tools and measurements. */
export interface StoredLog {
  /** One durable transaction. @returns the index of the first entry */
  append(entries: readonly Uint8Array[]): Promise<number>;
  inclusionProof(index: number, size: number): Promise<Digest[]>;
  state(): Promise<LogState>;
  close(): Promise<void>;
}

/** @param directory not yet there, or one of an earlier call; the caller makes sure that no other process has it open */
export async function openStoredLog(directory: string): Promise<StoredLog> {
  const db = await openEmbeddedDatabase(directory);
  return {
    append: (entries) => transact(db, (write) => appendToLog(write, entries)),
    inclusionProof: (index, size) => inclusionProof(db, index, size),
    state: async () => logState(db, await logSize(db)),
    close: () => db.destroy(),
  };
}
