import { packedByteCount } from './sum-bits.ts';

/**
 * Packs values to `bits` each, in little-endian bit order: bit k of value i is bit (i·bits + k) mod 8, counted from the
 * lowest, of byte ⌊(i·bits + k) / 8⌋. The last byte is filled up with zeros. Assumes a little-endian machine, as do all
 * that Node runs on.
 * @param values their bits above `bits` are dropped
 * @param bits 16 … 32
 */
export function packBits(values: Uint32Array | Uint16Array, bits: number): Uint8Array {
  assertBits(bits);
  const words = new Uint32Array(Math.ceil((values.length * bits) / 32));
  const mask = 2 ** bits - 1;
  let word = 0;
  let used = 0;
  let next = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]! & mask;
    word |= value << used;
    used += bits;
    if (used >= 32) {
      words[next++] = word;
      used -= 32;
      // A shift by 32 would be a shift by 0, hence the test.
      word = used === 0 ? 0 : value >>> (bits - used);
    }
  }
  if (used > 0) words[next] = word;
  return new Uint8Array(words.buffer, 0, packedByteCount(values.length, bits));
}

/**
 * Adds packed values onto a sum, modulo 2^32; what is above `bits` is dropped by `reduceSum`. Unpacking is adding to zeros.
 * @param packed exactly `packedByteCount(sum.length, bits)` bytes
 * @throws RangeError for another length.
 */
export function addPacked(sum: Uint32Array, packed: Uint8Array, bits: number): void {
  assertBits(bits);
  const byteCount = packedByteCount(sum.length, bits);
  if (packed.length !== byteCount) throw new RangeError(`Expected ${byteCount} packed bytes, got ${packed.length}`);
  const words = wordsOf(packed);
  const mask = 2 ** bits - 1;
  let word = 0;
  let left = 0;
  let next = 0;
  for (let i = 0; i < sum.length; i++) {
    let value = word;
    if (left < bits) {
      word = words[next++]!;
      value |= word << left;
      word = bits - left === 32 ? 0 : word >>> (bits - left);
      left += 32 - bits;
    } else {
      word >>>= bits;
      left -= bits;
    }
    sum[i]! += value & mask;
  }
}

/** The values of `packBits`. @throws RangeError unless `packed` has just the bytes of `count` values. */
export function unpackBits(packed: Uint8Array, bits: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  addPacked(values, packed, bits);
  return bits === 32 ? values : reduceSum(values, bits);
}

/** Takes each value modulo 2^bits, in place. */
export function reduceSum(sum: Uint32Array, bits: number): Uint32Array {
  const mask = 2 ** bits - 1;
  for (let i = 0; i < sum.length; i++) sum[i]! &= mask;
  return sum;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  if (bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

function assertBits(bits: number): void {
  if (!Number.isInteger(bits) || bits < 16 || bits > 32) throw new RangeError(`Values have 16 to 32 bits, got ${bits}`);
}
