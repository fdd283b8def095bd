import { MAX_MESSAGE_BYTES } from '../limits.ts';
import { type Message, messageSchema, PROTOCOL } from '../message.ts';
import { messageHash, type SigningDomain } from './message-hash.ts';
import { recoverSigner } from './recover-signer.ts';
import { messageSizeBytes } from './sign-message.ts';

/** Why a message is refused. */
export type MessageFault =
  | 'too-large'
  | 'malformed'
  | 'other-protocol'
  | 'other-alliance'
  | 'other-round'
  | 'other-attempt'
  | 'bad-signature';

/** A message that is what it claims to be, or why it isn't, in a sentence for people. */
export type Verified =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly fault: MessageFault; readonly sentence: string };

/** Where the receiver stands; what is left out is not compared. */
export interface Expected {
  readonly alliance?: string;
  readonly round?: number;
  readonly attempt?: number;
}

/** Checks a message in the receiver's domain. The member injects a remembering one where the same messages come often. */
export type MessageVerifier = (value: unknown, expected?: Expected) => Verified;

/**
 * Checks a message that came from outside: size, protocol version, schema, alliance and round (so that a message of
 * another round or alliance can't be replayed), and that its sender signed it.
 */
export function verifyMessage(domain: SigningDomain, value: unknown, expected: Expected = {}): Verified {
  const early = sizeFault(value) ?? protocolFault(value);
  if (early !== undefined) return early;
  const parsed = messageSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refused(
      'malformed',
      `The message is malformed at ${issue?.path.join('.') || 'its root'}: ${issue?.message}.`,
    );
  }
  const message = parsed.data;
  const misplaced = placeFault(message, expected);
  if (misplaced !== undefined) return misplaced;
  const { signature, ...unsigned } = message;
  const signer = recoverSigner(messageHash(domain, unsigned), signature);
  if (signer !== message.sender) {
    return refused('bad-signature', `The ${message.kind} message of ${message.sender} isn't signed by that account.`);
  }
  return { ok: true, message };
}

function sizeFault(value: unknown): Verified | undefined {
  let sizeBytes: number;
  try {
    sizeBytes = messageSizeBytes(value);
  } catch {
    return refused('malformed', 'The message is no plain JSON.');
  }
  if (sizeBytes <= MAX_MESSAGE_BYTES) return undefined;
  return refused('too-large', `The message has ${sizeBytes} bytes; at most ${MAX_MESSAGE_BYTES} are allowed.`);
}

function protocolFault(value: unknown): Verified | undefined {
  const protocol = typeof value === 'object' && value !== null && 'protocol' in value ? value.protocol : undefined;
  if (typeof protocol !== 'string' || protocol === PROTOCOL) return undefined;
  const shown = JSON.stringify(protocol.slice(0, 40));
  return refused('other-protocol', `The message speaks protocol ${shown}; this program speaks "${PROTOCOL}".`);
}

function placeFault(message: Message, expected: Expected): Verified | undefined {
  const { alliance, round, attempt } = expected;
  const name = `The ${message.kind} message of ${message.sender}`;
  if (alliance !== undefined && message.alliance !== alliance) {
    return refused('other-alliance', `${name} belongs to alliance ${message.alliance}, not to ${alliance}.`);
  }
  if (round !== undefined && message.round !== round) {
    return refused('other-round', `${name} belongs to round ${message.round}, not to ${round}.`);
  }
  if (attempt !== undefined && message.attempt !== attempt) {
    return refused('other-attempt', `${name} belongs to attempt ${message.attempt}, not to ${attempt}.`);
  }
  return undefined;
}

function refused(fault: MessageFault, sentence: string): Verified {
  return { ok: false, fault, sentence };
}
