import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { digestOfJson, hashOfDigest } from '@skein/core';
import type { BodyOf, Message, MessageKind } from '../message.ts';
import type { Address } from '../units.ts';
import { abiHexWord, abiWord, fromHex, type Hex, keccakOfText, keccakOfWords, toHex } from './abi-words.ts';

/** The chain and the contract `Alliance` that messages belong to: a message of one deployment means nothing in another. */
export interface SigningDomain {
  readonly chainId: number;
  readonly contract: Address;
}

/** `name` and `version` of the contract's EIP-712 domain. */
export const DOMAIN_NAME = 'Skein';
export const DOMAIN_VERSION = '1';

const DOMAIN_TYPE = keccakOfText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)');
const MESSAGE_TYPE = keccakOfText('Message(uint256 alliance,uint32 round,uint32 attempt,string kind,bytes32 body)');

/** A message before its sender has signed it. */
export type Unsigned<Kind extends MessageKind = MessageKind> = Kind extends MessageKind
  ? Omit<Extract<Message, { kind: Kind }>, 'signature'>
  : never;

/** Hash of the contract's domain; the same for all its messages. @see EIP-712 */
export function domainSeparator({ chainId, contract }: SigningDomain): Hex {
  const words = [DOMAIN_TYPE, keccakOfText(DOMAIN_NAME), keccakOfText(DOMAIN_VERSION)];
  return keccakOfWords([...words, abiWord(chainId), abiHexWord(contract)]);
}

/**
 * What a message's body hashes to. The contract recomputes the digests of survivors and replay from their parts; all
 * others are SHA-256 of the canonical JSON.
 */
export function bodyDigest(message: Pick<Unsigned, 'kind' | 'body'>): Hex {
  const { kind, body } = message;
  if (kind === 'round/survivors/1') return survivorsDigest(body as BodyOf<'round/survivors/1'>);
  if (kind === 'round/replay/1') {
    const { posted, replayed } = body as BodyOf<'round/replay/1'>;
    return keccakOfWords([hashOfDigest(posted), hashOfDigest(replayed)]);
  }
  return toHex(hashOfDigest(digestOfJson(body)));
}

/** `keccak256(abi.encode(uint64 cohort, uint64 survivors, bytes32 uploadsRoot))`. */
export function survivorsDigest({ cohort, survivors, uploadsRoot }: BodyOf<'round/survivors/1'>): Hex {
  return keccakOfWords([abiWord(BigInt(cohort)), abiWord(BigInt(survivors)), hashOfDigest(uploadsRoot)]);
}

/** The 32 bytes that a sender's account signs. @see EIP-712 */
export function messageHash(domain: SigningDomain, message: Unsigned): Hex {
  const struct = keccakOfWords([
    MESSAGE_TYPE,
    abiWord(BigInt(message.alliance)),
    abiWord(message.round),
    abiWord(message.attempt),
    keccakOfText(message.kind),
    fromHex(bodyDigest(message)),
  ]);
  return toHex(keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), fromHex(domainSeparator(domain)), fromHex(struct))));
}
