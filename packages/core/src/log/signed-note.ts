import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import { MAX_NOTE_BYTES } from '../limits.ts';
import type { NoteKey, VerifyEd25519 } from './note-key.ts';

const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u;
const SIGNATURE_BYTES = 64;

interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Uint8Array;
}

/**
 * Signs a text as a C2SP signed note.
 * @param text ends in a line feed.
 * @param sign Ed25519 with the private half of `key`.
 */
export function signNote(text: string, key: NoteKey, sign: (message: Uint8Array) => Uint8Array): string {
  if (!text.endsWith('\n') || hasControl(text))
    throw new RangeError('A note’s text ends in a line feed and has no other control');
  const signature = sign(new TextEncoder().encode(text));
  return `${text}\n— ${key.name} ${encodeBase64(Uint8Array.of(...hexToBytes(key.id), ...signature))}\n`;
}

/**
 * The text of a note that `key` has signed, or undefined: malformed, unsigned by it, or with a wrong signature of it.
 * Signatures of other keys are passed over. @see C2SP signed-note
 */
export function openNote(note: string, key: NoteKey, verify: VerifyEd25519): string | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || note.length > MAX_NOTE_BYTES || !note.endsWith('\n') || hasControl(note)) return undefined;
  const text = note.slice(0, end + 1);
  const signatures = note
    .slice(end + 2, -1)
    .split('\n')
    .map(parseSignature);
  const own = signatures.filter((entry) => entry?.name === key.name && entry.id === key.id);
  if (signatures.includes(undefined) || own.length !== 1) return undefined;
  const signature = own[0]?.signature ?? new Uint8Array();
  if (signature.length !== SIGNATURE_BYTES) return undefined;
  return verify(key.publicKey, new TextEncoder().encode(text), signature) ? text : undefined;
}

function parseSignature(line: string): NoteSignature | undefined {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
  const data = decodeBase64(encoded ?? '');
  if (name === undefined || data === undefined || data.length < 5) return undefined;
  return { name, id: bytesToHex(data.subarray(0, 4)), signature: data.slice(4) };
}

/** Notes hold no ASCII control but the line feed. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 && unit !== 0x0a) return true;
  }
  return false;
}
