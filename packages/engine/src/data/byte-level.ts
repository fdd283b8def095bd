import { invariant } from '@skein/core';

/**
 * GPT-2's alphabet of byte-level vocabularies: each byte is written as one printable character, itself where it is
 * printable Latin-1 and otherwise one of the characters from U+0100 on
 * (A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.2).
 */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = byteAlphabet();

/** The bytes that a token of a byte-level vocabulary stands for, or null where it holds a character outside the alphabet. */
export function byteLevelBytes(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF_CHARACTER.get(token[i] as string);
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}

/** Whether a decoder of tokenizer.json ends in bytes, alone or as a step of a sequence. */
export function isByteLevelDecoder(decoder: unknown): boolean {
  if (typeof decoder !== 'object' || decoder === null || !('type' in decoder)) return false;
  if (decoder.type === 'ByteLevel') return true;
  return (
    decoder.type === 'Sequence' &&
    'decoders' in decoder &&
    Array.isArray(decoder.decoders) &&
    decoder.decoders.some(isByteLevelDecoder)
  );
}

function byteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let replacement = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    alphabet.set(String.fromCharCode(printable ? byte : replacement++), byte);
  }
  invariant(alphabet.size === 256, 'the byte alphabet is one to one');
  return alphabet;
}
