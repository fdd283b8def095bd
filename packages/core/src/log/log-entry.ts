import { z } from 'zod';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { NoteKey, VerifyEd25519 } from './note-key.ts';
import { type LogStatement, logStatementSchema } from './statement.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** DSSE envelope of one signature. */
const envelopeSchema = z.strictObject({
  payload: z.base64(),
  payloadType: z.literal(PAYLOAD_TYPE),
  signatures: z.tuple([z.strictObject({ keyid: z.string(), sig: z.base64() })]),
});

/**
 * The bytes of a log's entry: the canonical JSON of a DSSE envelope around the statement's canonical JSON, signed by the
 * log's operator. The same statement gives the same bytes.
 * @see DSSE protocol v1, in-toto Statement v1, RFC 8785
 */
export function encodeLogEntry(
  statement: LogStatement,
  key: NoteKey,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const payload = new TextEncoder().encode(canonicalJson(statement));
  const signature = { keyid: `${key.name}+${key.id}`, sig: encodeBase64(sign(preAuthenticationEncoding(payload))) };
  const envelope = { payload: encodeBase64(payload), payloadType: PAYLOAD_TYPE, signatures: [signature] };
  return new TextEncoder().encode(canonicalJson(envelope));
}

/** The statement of an entry, or undefined where it is malformed, not canonical, or not signed by the log's key. */
export function openLogEntry(entry: Uint8Array, key: NoteKey, verify: VerifyEd25519): LogStatement | undefined {
  const envelope = envelopeSchema.safeParse(parseCanonical(entry)).data;
  if (envelope === undefined) return undefined;
  const [{ keyid, sig }] = envelope.signatures;
  const payload = decodeBase64(envelope.payload);
  const signature = decodeBase64(sig);
  if (payload === undefined || signature?.length !== 64 || keyid !== `${key.name}+${key.id}`) return undefined;
  if (!verify(key.publicKey, preAuthenticationEncoding(payload), signature)) return undefined;
  return logStatementSchema.safeParse(parseCanonical(payload)).data;
}

/** PAE(type, body) of DSSE: lengths keep one pair from passing as another. */
function preAuthenticationEncoding(payload: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `);
  return Uint8Array.of(...head, ...payload);
}

function parseCanonical(data: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(data);
    const value: unknown = JSON.parse(text);
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
