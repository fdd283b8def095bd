import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** Hexadecimal text with `0x`. */
export type Hex = `0x${string}`;

/** A static value of Solidity's ABI as its 32-byte word; negative numbers as two's complement. */
export function abiWord(value: bigint | number): Uint8Array {
  const word = BigInt.asUintN(256, BigInt(value));
  return hexToBytes(word.toString(16).padStart(64, '0'));
}

/** An address or a `bytes32` as a word. */
export function abiHexWord(hex: string): Uint8Array {
  return hexToBytes(hex.slice(2).padStart(64, '0'));
}

/** keccak256 of the words: what `keccak256(abi.encode(…))` is where every argument is static. */
export function keccakOfWords(words: readonly Uint8Array[]): Hex {
  return toHex(keccak_256(concatBytes(...words)));
}

/** keccak256 of a text's UTF-8 bytes. */
export function keccakOfText(text: string): Uint8Array {
  return keccak_256(utf8ToBytes(text));
}

/** Bytes as `0x` and lower-case digits. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

/** The bytes of `0x` and digits. */
export function fromHex(hex: string): Uint8Array {
  return hexToBytes(hex.slice(2));
}
