import { type Digest, digestFromHash, hashOfDigest } from '@skein/core';
import { bytesToHex, type Hex, hexToBytes } from 'viem';

/** A digest as contracts store it. */
export function digestToBytes32(digest: Digest): Hex {
  return bytesToHex(hashOfDigest(digest));
}

/** The digest that a contract stores as 32 bytes. @throws RangeError unless 32 bytes. */
export function digestFromBytes32(value: Hex): Digest {
  return digestFromHash(hexToBytes(value));
}
