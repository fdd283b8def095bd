import { decodeBase64, encodeBase64 } from '../base64.ts';
import { digestFromHash, hashOfDigest } from '../digest.ts';
import { verifyConsistency } from '../merkle/consistency.ts';
import { isSameMerkleHash, MERKLE_HASH_BYTES, merkleLeafHash } from '../merkle/hash.ts';
import { verifyInclusion } from '../merkle/inclusion.ts';
import type { Digest } from '../units.ts';
import type { NoteKey, VerifyEd25519 } from './note-key.ts';
import { openNote } from './signed-note.ts';

/** A state of a log: so many entries, under this root. */
export interface LogState {
  readonly size: number;
  readonly root: Digest;
}

/** The text of a checkpoint, to be signed as a note. @see C2SP tlog-checkpoint */
export function formatCheckpoint(origin: string, { size, root }: LogState): string {
  return `${origin}\n${size}\n${encodeBase64(hashOfDigest(root))}\n`;
}

/**
 * The state that a log has signed, or undefined where the note isn't one of this log: malformed, of another origin, or
 * without its signature. The origin of our logs is the key's name.
 */
export function openCheckpoint(note: string, key: NoteKey, verify: VerifyEd25519): LogState | undefined {
  const [origin, size = '', encoded = '', ...rest] = openNote(note, key, verify)?.split('\n') ?? [];
  const root = decodeBase64(encoded);
  if (origin !== key.name || !/^(0|[1-9][0-9]*)$/.test(size) || root?.length !== MERKLE_HASH_BYTES) return undefined;
  // Lines of extension may follow; none of them is empty but what is left of the last line feed.
  if (rest.at(-1) !== '' || rest.slice(0, -1).includes('')) return undefined;
  const count = Number(size);
  return Number.isSafeInteger(count) ? { size: count, root: digestFromHash(root) } : undefined;
}

/** Whether the later state continues the earlier one without changing an entry. Any state continues the empty log. */
export function extendsLog(earlier: LogState, later: LogState, proof: readonly Digest[]): boolean {
  if (earlier.size === 0) return later.size >= 0;
  const oldRoot = hashOfDigest(earlier.root);
  const newRoot = hashOfDigest(later.root);
  if (earlier.size === later.size) return proof.length === 0 && isSameMerkleHash(oldRoot, newRoot);
  const hashes = proof.map(hashOfDigest);
  return verifyConsistency({ oldSize: earlier.size, newSize: later.size, oldRoot, newRoot, proof: hashes });
}

/** Whether `entry` (its bytes as they were logged) stands at `index` in the log of this state. */
export function includesEntry(state: LogState, entry: Uint8Array, index: number, proof: readonly Digest[]): boolean {
  return verifyInclusion({
    leafHash: merkleLeafHash(entry),
    index,
    size: state.size,
    root: hashOfDigest(state.root),
    proof: proof.map(hashOfDigest),
  });
}
