import { concatBytes } from '@noble/hashes/utils.js';
import { compareCodePoints, type Digest, digestFromHash, merkleLeafHash, merkleRoot } from '@skein/core';
import type { Message } from '../message.ts';
import { fromHex } from './abi-words.ts';
import { messageHash, type SigningDomain } from './message-hash.ts';

/**
 * Merkle root over messages in the order of their senders; the leaf is the sender's 20 bytes and the hash that it
 * signed. The signature is left out: one account can sign the same words in several ways.
 */
export function messagesRoot(domain: SigningDomain, messages: readonly Message[]): Digest {
  const ordered = messages.toSorted((a, b) => compareCodePoints(a.sender, b.sender));
  const leaves = ordered.map((message) =>
    merkleLeafHash(concatBytes(fromHex(message.sender), fromHex(messageHash(domain, message)))),
  );
  return digestFromHash(merkleRoot(leaves));
}
