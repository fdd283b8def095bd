import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFloats } from './decode-floats.ts';
import { encodeFloats } from './encode-floats.ts';

/** The engine's own half floats, which TypeScript's library for ES2024 doesn't declare: a reference made by others. */
const { Float16Array } = globalThis as unknown as {
  Float16Array: new (source: ArrayBuffer | ArrayLike<number>) => ArrayLike<number> & { readonly buffer: ArrayBuffer };
};

const allWords = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
const bytesOf = (array: Float32Array | Uint16Array): Uint8Array => new Uint8Array(array.buffer);
const floatsOfBits = (words: readonly number[]): Float32Array => new Float32Array(Uint32Array.from(words).buffer);
/** Any 32 bits: subnormal numbers, infinities and NaN among them. */
const anyFloats = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 1, maxLength: 64 }).map(floatsOfBits);
const numbersOf = (floats: Float32Array): Float32Array => floats.filter((value) => !Number.isNaN(value));
/** Magnitudes from 2^-27 to 2^17, where half floats begin, round and end. */
const halfRange = fc
  .array(fc.tuple(fc.integer({ min: 100, max: 144 }), fc.nat(0x7fffff), fc.nat(1)), { minLength: 1, maxLength: 64 })
  .map((parts) =>
    floatsOfBits(parts.map(([exponent, fraction, sign]) => sign * 2 ** 31 + exponent * 2 ** 23 + fraction)),
  );

describe('F16', () => {
  it('is decoded as the JavaScript engine does, all 65,536 values', () => {
    const expected = Float32Array.from(new Float16Array(allWords.buffer));
    expect(decodeFloats(bytesOf(allWords), 'F16')).toEqual(expected);
  });

  it('is encoded as the JavaScript engine does', () => {
    const words = (data: Uint8Array): Uint16Array => new Uint16Array(data.slice().buffer);
    fc.assert(
      fc.property(fc.oneof(anyFloats, halfRange), (floats) => {
        const numbers = numbersOf(floats);
        expect(words(encodeFloats(numbers, 'F16'))).toEqual(new Uint16Array(new Float16Array(numbers).buffer));
      }),
      { numRuns: 500 },
    );
  });

  it('rounds ties to even and beyond its range to infinity', () => {
    const pairs = [
      [1 + 2 ** -11, 1],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
      [2 ** -25, 0],
      [3 * 2 ** -25, 2 ** -23],
      [65519.996, 65504],
      [65520, Number.POSITIVE_INFINITY],
      [-1e9, Number.NEGATIVE_INFINITY],
      [-1e-9, -0],
      [Number.NaN, Number.NaN],
    ] as const;
    const encoded = encodeFloats(
      Float32Array.from(pairs, ([value]) => value),
      'F16',
    );
    expect([...decodeFloats(encoded, 'F16')]).toEqual(pairs.map(([, rounded]) => rounded));
  });
});

describe('BF16', () => {
  it('is the upper half of a float32, all 65,536 values', () => {
    const expected = floatsOfBits([...allWords].map((word) => word * 0x10000));
    expect(decodeFloats(bytesOf(allWords), 'BF16')).toEqual(expected);
  });

  it('rounds to the nearest neighbour, ties to even', () => {
    const rests = fc.oneof(fc.constantFrom(0x7fff, 0x8000, 0x8001), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7f7e }), rests, fc.boolean(), (upper, rest, negative) => {
        const sign = negative ? 0x8000 : 0;
        const word = (sign + upper) * 0x10000 + rest;
        const up = rest > 0x8000 || (rest === 0x8000 && upper % 2 === 1);
        const [result] = new Uint16Array(encodeFloats(floatsOfBits([word]), 'BF16').buffer);
        return result === sign + upper + (up ? 1 : 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps infinities, NaN (even one whose upper half is an infinity) and overflows to infinity', () => {
    const bits = floatsOfBits([0x7f800000, 0xff800000, 0x7f800001, 0xffffffff, 0x7f7fffff]);
    const expected = [
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ];
    expect([...decodeFloats(encodeFloats(bits, 'BF16'), 'BF16')]).toEqual(expected);
  });
});

describe('decodeFloats and encodeFloats', () => {
  it.each(['F32', 'F16', 'BF16'] as const)('of %s give back the same numbers, at any alignment', (dtype) => {
    fc.assert(
      fc.property(anyFloats, fc.nat(7), (floats, shift) => {
        const data = encodeFloats(numbersOf(floats), dtype);
        const moved = new Uint8Array(data.length + shift);
        moved.set(data, shift);
        expect(encodeFloats(decodeFloats(moved.subarray(shift), dtype), dtype)).toEqual(data);
      }),
    );
  });

  it('own what they return', () => {
    const values = Float32Array.of(1, 2);
    const data = encodeFloats(values, 'F32');
    const decoded = decodeFloats(data, 'F32');
    values.fill(0);
    data.fill(0);
    expect([...decoded]).toEqual([1, 2]);
  });

  it('take a part of a larger array', () => {
    const part = Float32Array.of(1, 2, 3).subarray(1, 2);
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      expect([...decodeFloats(encodeFloats(part, dtype), dtype)]).toEqual([2]);
    }
  });

  it('refuse data that end within an element', () => {
    expect(() => decodeFloats(new Uint8Array(3), 'F16')).toThrow(RangeError);
    expect(() => decodeFloats(new Uint8Array(6), 'F32')).toThrow(RangeError);
  });
});
