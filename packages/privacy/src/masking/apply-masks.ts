import type { AggregationCrypto } from '../crypto-port.ts';
import { PIECE_ELEMENTS, wholeBlocks } from '../limits.ts';
import type { SignedMask } from './mask-keys.ts';

/** Adds masks to a vector piece by piece, all of them to one piece before the next, so that the piece stays in the cache. */
export interface MaskRun {
  /** Applies the masks, modulo 2^32, to the next coordinates: all pieces but the last have `PIECE_ELEMENTS`. */
  apply(piece: Uint32Array): void;
}

/**
 * Each coordinate takes 32 bits of each stream. The lowest b of them are uniform too, and since 2^b divides 2^32 one
 * reduction after all additions suffices.
 */
export function createMaskRun(crypto: AggregationCrypto, masks: readonly SignedMask[]): MaskRun {
  const streams = masks.map(({ key, sign }) => ({ stream: crypto.aes256Ctr(key), sign }));
  return {
    apply(piece) {
      for (const { stream, sign } of streams) {
        const bytes = stream.next(wholeBlocks(4 * piece.length));
        const mask = new Uint32Array(bytes.buffer, bytes.byteOffset, piece.length);
        if (sign === 1) add(piece, mask);
        else subtract(piece, mask);
      }
    },
  };
}

function add(piece: Uint32Array, mask: Uint32Array): void {
  for (let i = 0; i < piece.length; i++) piece[i]! += mask[i]!;
}

function subtract(piece: Uint32Array, mask: Uint32Array): void {
  for (let i = 0; i < piece.length; i++) piece[i]! -= mask[i]!;
}

/** The pieces of a vector, one after the other, as views of it. */
export function* piecesOf(vector: Uint32Array): Generator<Uint32Array, void> {
  for (let start = 0; start < vector.length; start += PIECE_ELEMENTS) {
    yield vector.subarray(start, start + PIECE_ELEMENTS);
  }
}
