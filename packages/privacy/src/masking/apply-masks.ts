import type { AggregationCrypto, Keystream } from '../crypto-port.ts';
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
  const streamsOf = (wanted: SignedMask['sign']) =>
    masks.filter(({ sign }) => sign === wanted).map(({ key }) => crypto.aes256Ctr(key));
  const added = streamsOf(1);
  const subtracted = streamsOf(-1);
  return {
    apply(piece) {
      applyAll(piece, added, addPair);
      applyAll(piece, subtracted, subtractPair);
    },
  };
}

/** Two masks at a time: the sum is then read and written half as often. */
function applyAll(piece: Uint32Array, streams: readonly Keystream[], pair: typeof addPair): void {
  for (let i = 0; i < streams.length; i += 2) {
    pair(piece, nextMask(streams[i], piece.length), nextMask(streams[i + 1], piece.length));
  }
}

/** Zeros where there is no second stream. */
function nextMask(stream: Keystream | undefined, length: number): Uint32Array {
  if (stream === undefined) return new Uint32Array(length);
  const bytes = stream.next(wholeBlocks(4 * length));
  return new Uint32Array(bytes.buffer, bytes.byteOffset, length);
}

function addPair(piece: Uint32Array, first: Uint32Array, second: Uint32Array): void {
  for (let i = 0; i < piece.length; i++) piece[i] = piece[i]! + first[i]! + second[i]!;
}

function subtractPair(piece: Uint32Array, first: Uint32Array, second: Uint32Array): void {
  for (let i = 0; i < piece.length; i++) piece[i] = piece[i]! - first[i]! - second[i]!;
}

/** The pieces of a vector, one after the other, as views of it. */
export function* piecesOf(vector: Uint32Array): Generator<Uint32Array, void> {
  for (let start = 0; start < vector.length; start += PIECE_ELEMENTS) {
    yield vector.subarray(start, start + PIECE_ELEMENTS);
  }
}
