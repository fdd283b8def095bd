import { float16ToNumber } from './float16.ts';

/** The types of weights that are read into and written from float32. */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

/** Bytes of one element of these types. */
export const FLOAT_BYTES: Readonly<Record<FloatDtype, number>> = { F32: 4, F16: 2, BF16: 2 };

export function isFloatDtype(dtype: string): dtype is FloatDtype {
  return Object.hasOwn(FLOAT_BYTES, dtype);
}

/** float32 of each of the 65,536 half floats; filled at the first use. */
let halfTable: Float32Array | undefined;

/**
 * Turns a tensor's bytes into float32, exactly: both 16-bit types are subsets of it.
 * Assumes a little-endian host, as every supported one is.
 * @param data whole elements, at any alignment; not kept.
 * @returns an array of its own, 4 bytes an element.
 * @throws RangeError if the data end within an element.
 */
export function decodeFloats(data: Uint8Array, dtype: FloatDtype): Float32Array {
  if (data.length % FLOAT_BYTES[dtype] !== 0) throw new RangeError(`${data.length} bytes end within a ${dtype}`);
  if (dtype === 'F32') return new Float32Array(copyBuffer(data));
  const words = new Uint16Array(copyBuffer(data));
  return dtype === 'BF16' ? widenBfloat16(words) : widenFloat16(words);
}

/** A copy that begins at its buffer's start, so that wider arrays may view it. */
function copyBuffer(data: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(data.length);
  copy.set(data);
  return copy.buffer;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(words: Uint16Array): Float32Array {
  const wide = new Uint32Array(words.length);
  for (let i = 0; i < words.length; i++) wide[i] = (words[i] as number) << 16;
  return new Float32Array(wide.buffer);
}

function widenFloat16(words: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 0x10000 }, (_, half) => float16ToNumber(half));
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) values[i] = halfTable[words[i] as number] as number;
  return values;
}
