import { canonicalJson } from '@skein/core';
import { messageSchema, type Message } from '../message.ts';
import { MAX_MESSAGE_BYTES } from '../limits.ts';
import type { Address } from '../units.ts';
import { messageHash, type SigningDomain, type Unsigned } from './message-hash.ts';

/** An account that signs; its key may be in memory, in an encrypted file or in a device. */
export interface Signer {
  readonly address: Address;
  /** Signs 32 bytes as they are, without a prefix. @returns r, s (low) and v (27 or 28) as `0x` and 130 digits. */
  sign(hash: `0x${string}`): Promise<string>;
}

/**
 * Signs a message with its sender's account.
 * @throws RangeError if the signer is another account than the sender, or the message is over `MAX_MESSAGE_BYTES`
 */
export async function signMessage(domain: SigningDomain, unsigned: Unsigned, signer: Signer): Promise<Message> {
  if (signer.address !== unsigned.sender) {
    throw new RangeError(`${signer.address} can't sign a message of ${unsigned.sender}`);
  }
  const message = messageSchema.parse({ ...unsigned, signature: await signer.sign(messageHash(domain, unsigned)) });
  const sizeBytes = messageSizeBytes(message);
  if (sizeBytes > MAX_MESSAGE_BYTES) throw new RangeError(`A message of ${sizeBytes} bytes can't be sent`);
  return message;
}

/** Bytes of a message on its way: UTF-8 of its canonical JSON. */
export function messageSizeBytes(message: unknown): number {
  return new TextEncoder().encode(canonicalJson(message)).length;
}
