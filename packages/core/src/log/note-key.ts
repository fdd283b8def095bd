import { bytesToHex } from '@noble/hashes/utils.js';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import { BaseError } from '../errors.ts';
import { createSha256 } from '../sha256.ts';

/** Signature type of Ed25519 in signed notes. */
const ED25519 = 1;
const PUBLIC_KEY_BYTES = 32;
/** No blanks and no plus, which separates the parts. */
const NAME = /^[^\s+]+$/u;

/** A public key as verifiers of signed notes name it. @see C2SP signed-note */
export interface NoteKey {
  readonly name: string;
  /** First four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key), in hexadecimal: a hint, not a proof. */
  readonly id: string;
  /** 32 bytes of Ed25519. */
  readonly publicKey: Uint8Array;
}

/** Ed25519 (RFC 8032) of the host: node:crypto, or a library in the browser. Never throws on what a peer sent. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** @throws RangeError of a name with blanks or plus, or a key that isn't 32 bytes. */
export function createNoteKey(name: string, publicKey: Uint8Array): NoteKey {
  if (!NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} can't name a key: blanks or plus`);
  if (publicKey.length !== PUBLIC_KEY_BYTES)
    throw new RangeError(`An Ed25519 key has 32 bytes, got ${publicKey.length}`);
  const hash = createSha256()
    .update(new TextEncoder().encode(`${name}\n`))
    .update(Uint8Array.of(ED25519))
    .update(publicKey)
    .digest();
  return { name, id: bytesToHex(hash.subarray(0, 4)), publicKey };
}

/** `name+id+base64(0x01 ‖ key)`: how a log's key is written into an address book. */
export function formatNoteKey(key: NoteKey): string {
  return `${key.name}+${key.id}+${encodeBase64(Uint8Array.of(ED25519, ...key.publicKey))}`;
}

/** @throws BaseError `core/bad-note-key` of a text that is no Ed25519 verifier key. */
export function parseNoteKey(text: string): NoteKey {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? [];
  const data = decodeBase64(encoded ?? '');
  if (name !== undefined && data?.length === 1 + PUBLIC_KEY_BYTES && data[0] === ED25519) {
    const key = createNoteKey(name, data.slice(1));
    if (key.id === id) return key;
  }
  throw new BaseError('core/bad-note-key', `${JSON.stringify(text.slice(0, 120))} is no key of a log.`, {
    hints: ['Copy it whole from the hub’s GET /v1/info or from your address book: name+8 hexadecimal digits+base64.'],
  });
}
