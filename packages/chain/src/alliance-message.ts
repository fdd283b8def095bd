import type { Digest } from '@skein/core';
import {
  type Address,
  encodeAbiParameters,
  type Hex,
  keccak256,
  type LocalAccount,
  recoverTypedDataAddress,
} from 'viem';
import type { AddressBook } from './address-book.ts';
import type { MemberBitmap } from './bitmap.ts';
import { digestToBytes32 } from './digest-bytes.ts';

/**
 * What a member signs, whatever it says in the protocol. Two with the same alliance, round, attempt and kind but
 * different bodies are a fault that the contract punishes: so whatever a member may rightly say twice in an attempt needs
 * a kind of its own, and what it is about to say must be on disk before it is said.
 */
export interface AllianceMessage {
  readonly alliance: bigint;
  readonly round: number;
  readonly attempt: number;
  /** Versioned wire tag, such as `round/keys/1`. */
  readonly kind: string;
  /** SHA-256 of the canonical JSON; for `round/survivors/1` and `round/replay/1` the functions below. */
  readonly body: Hex;
}

const types = {
  Message: [
    { name: 'alliance', type: 'uint256' },
    { name: 'round', type: 'uint32' },
    { name: 'attempt', type: 'uint32' },
    { name: 'kind', type: 'string' },
    { name: 'body', type: 'bytes32' },
  ],
} as const;

export const SURVIVORS_KIND = 'round/survivors/1';
export const REPLAY_KIND = 'round/replay/1';

/** EIP-712 domain of everything signed for the Alliance contract. */
export function allianceDomain(book: AddressBook) {
  return { name: 'Skein', version: '1', chainId: book.chainId, verifyingContract: book.alliance } as const;
}

/** A message as EIP-712 typed data, for any signer. */
export function messageTypedData(book: AddressBook, message: AllianceMessage) {
  return { domain: allianceDomain(book), types, primaryType: 'Message', message } as const;
}

/** Signs without asking the chain. */
export function signMessage(account: LocalAccount, book: AddressBook, message: AllianceMessage): Promise<Hex> {
  return account.signTypedData(messageTypedData(book, message));
}

/** Who signed a message; of a tampered one somebody else, so compare. @throws viem's error for what is no signature. */
export function recoverMessageSigner(book: AddressBook, message: AllianceMessage, signature: Hex): Promise<Address> {
  return recoverTypedDataAddress({ ...messageTypedData(book, message), signature });
}

/** Body of `round/survivors/1`: which of the cohort's uploads the sum is made of. */
export function survivorsBody(cohort: MemberBitmap, survivors: MemberBitmap, uploadsRoot: Digest): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: 'uint64' }, { type: 'uint64' }, { type: 'bytes32' }],
      [cohort, survivors, digestToBytes32(uploadsRoot)],
    ),
  );
}

/** Body of `round/replay/1`: a replay of the sum gave another digest than the posted one. */
export function replayBody(postedSum: Digest, replayedSum: Digest): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: 'bytes32' }, { type: 'bytes32' }],
      [digestToBytes32(postedSum), digestToBytes32(replayedSum)],
    ),
  );
}
