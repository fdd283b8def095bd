import type { FloatDtype } from './decode-floats.ts';
import { narrowToFloat16 } from './float16.ts';

/**
 * Turns float32 into a tensor's bytes, little-endian; 16-bit types round to nearest, ties to even. Values beyond a
 * type's range become infinities (F16 from 65520); NaN stays NaN. Assumes a little-endian host.
 * @returns bytes of their own, 4 or 2 per element.
 */
export function encodeFloats(values: Float32Array, dtype: FloatDtype): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.slice().buffer);
  const narrow = dtype === 'BF16' ? narrowToBfloat16 : narrowToFloat16;
  const wide = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const words = new Uint16Array(values.length);
  for (let i = 0; i < wide.length; i++) words[i] = narrow(wide[i] as number);
  return new Uint8Array(words.buffer);
}

/** The 16 bits of the bfloat16 nearest to a float32 given as its 32 bits. */
function narrowToBfloat16(word: number): number {
  // Rounding could carry a NaN into infinity; setting its quiet bit keeps it one.
  const isNaN = (word & 0x7fffffff) > 0x7f800000;
  return isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}
