import {
  createLogStatement,
  type Digest,
  digestOfBytes,
  encodeLogEntry,
  formatCheckpoint,
  type LogClaim,
  type LogPredicateType,
  type LogState,
  type NoteKey,
  signNote,
} from '@skein/core';
import type { Database, Write } from '../storage/database.ts';
import type { LogSigner } from './key-file.ts';
import { appendToLog, logSize, logState } from './log-store.ts';

/** The hub's append-only log. */
export interface TransparencyLog {
  readonly key: NoteKey;
  /** SHA-256 of the origin line, under which checkpoints are anchored. */
  readonly origin: Digest;
  /** Appends what is stated, in the transaction of what it is about. @returns the entry's index */
  append<Type extends LogPredicateType>(write: Write, claim: LogClaim<Type>): Promise<number>;
  /** The log as it is now, signed. */
  checkpoint(): Promise<LogState & { readonly note: string }>;
}

export function createTransparencyLog(db: Database, signer: LogSigner): TransparencyLog {
  const { key } = signer;
  const sign = (message: Uint8Array): Uint8Array => signer.sign(message);
  return {
    key,
    origin: digestOfBytes(new TextEncoder().encode(key.name)),
    append: (write, claim) => appendToLog(write, [encodeLogEntry(createLogStatement(claim), key, sign)]),
    async checkpoint() {
      const state = await logState(db, await logSize(db));
      return { ...state, note: signNote(formatCheckpoint(key.name, state), key, sign) };
    },
  };
}
