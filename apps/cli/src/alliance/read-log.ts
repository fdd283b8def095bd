import type { HubClient } from '@skein/client';
import {
  BaseError,
  type Digest,
  digestFromHash,
  type LogStatement,
  merkleLeafHash,
  merkleRoot,
  type NoteKey,
  openCheckpoint,
  openLogEntry,
} from '@skein/core';
import { verifyEd25519 } from '@skein/node';

/** As many entries as the hub gives at once. */
const PAGE = 1_000;

/** A log that was read whole and recomputed. */
export interface ReadLog {
  readonly size: number;
  readonly root: Digest;
  readonly statements: readonly LogStatement[];
  /** The root that the log had at an earlier size. */
  rootAt(size: number): Digest;
}

/**
 * Reads every entry of a hub's log, checks the log's signature on checkpoint and entries, and computes the root anew.
 * @throws BaseError `cli/log-unsigned`, `cli/log-entry`, `cli/log-root`
 */
export async function readLog(
  hub: HubClient,
  key: NoteKey,
  { onProgress, signal }: { readonly onProgress: (done: number, total: number) => void; readonly signal: AbortSignal },
): Promise<ReadLog> {
  const { note } = await hub.checkpoint({ signal });
  const state = openCheckpoint(note, key, verifyEd25519);
  if (state === undefined) throw fault('cli/log-unsigned', `The checkpoint is not signed by the log ${key.name}.`);
  const leaves: Uint8Array[] = [];
  const statements: LogStatement[] = [];
  while (leaves.length < state.size) {
    const entries = await hub.logEntries(leaves.length, Math.min(state.size, leaves.length + PAGE), { signal });
    if (entries.length === 0) throw fault('cli/log-entry', `The hub has no entry ${leaves.length} of ${state.size}.`);
    for (const entry of entries) {
      const statement = openLogEntry(entry, key, verifyEd25519);
      if (statement === undefined) throw fault('cli/log-entry', `Entry ${leaves.length} is not signed by the log.`);
      leaves.push(merkleLeafHash(entry));
      statements.push(statement);
    }
    onProgress(leaves.length, state.size);
  }
  const rootAt = (size: number) => digestFromHash(merkleRoot(leaves.slice(0, size)));
  const root = rootAt(state.size);
  if (root !== state.root) {
    throw fault(
      'cli/log-root',
      `The entries give ${root}, the checkpoint of ${state.size} entries says ${state.root}.`,
    );
  }
  return { size: state.size, root, statements, rootAt };
}

function fault(code: string, message: string): BaseError {
  return new BaseError(code, message, {
    hints: ['Do not trust this hub. Keep what it sent, and compare with the other members.'],
  });
}
