import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPacked, packBits, reduceSum, unpackBits } from './pack.ts';
import { packedByteCount, sumBits } from './sum-bits.ts';

/** The documented order, bit by bit. */
function packSlowly(values: readonly number[], bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((values.length * bits) / 8));
  for (const [i, value] of values.entries()) {
    for (let k = 0; k < bits; k++) {
      const place = i * bits + k;
      bytes[place >> 3]! |= ((value >>> k) & 1) << (place & 7);
    }
  }
  return bytes;
}

const vectors = fc.record({
  bits: fc.integer({ min: 16, max: 32 }),
  values: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 70 }),
});

describe('packing', () => {
  it('follows the documented bit order at every width', () => {
    fc.assert(
      fc.property(vectors, ({ bits, values }) => {
        expect(packBits(Uint32Array.from(values), bits)).toEqual(packSlowly(values, bits));
      }),
      { numRuns: 300 },
    );
    for (let bits = 16; bits <= 32; bits++) {
      const values = Array.from({ length: 67 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 0);
      expect(packBits(Uint32Array.from(values), bits)).toEqual(packSlowly(values, bits));
    }
  });

  it('gives the values back, whatever the alignment of the bytes', () => {
    fc.assert(
      fc.property(vectors, fc.nat(7), ({ bits, values }, offset) => {
        const packed = packBits(Uint32Array.from(values), bits);
        const moved = new Uint8Array(packed.length + offset);
        moved.set(packed, offset);
        const expected = Uint32Array.from(values, (value) => Number(BigInt(value) % 2n ** BigInt(bits)));
        expect(unpackBits(moved.subarray(offset), bits, values.length)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('adds modulo 2^bits', () => {
    const sum = new Uint32Array(3);
    for (let i = 0; i < 5; i++) addPacked(sum, packBits(Uint32Array.of(2 ** 22 - 1, 1, 7), 22), 22);
    expect([...reduceSum(sum, 22)]).toEqual([2 ** 22 - 5, 5, 35]);
  });

  it('refuses other lengths and widths', () => {
    expect(() => addPacked(new Uint32Array(3), new Uint8Array(8), 22)).toThrow('Expected 9 packed bytes, got 8');
    expect(() => packBits(new Uint32Array(3), 15)).toThrow(RangeError);
    expect(() => packBits(new Uint32Array(3), 33)).toThrow(RangeError);
  });
});

describe('sumBits', () => {
  it.each([
    [1, 16],
    [2, 17],
    [3, 18],
    [4, 18],
    [5, 19],
    [64, 22],
    [65, 23],
    [100, 23],
    [65536, 32],
  ])('holds the sum of %d values in %d bits', (members, bits) => {
    expect(sumBits(members)).toBe(bits);
    expect(members * 65535).toBeLessThan(2 ** bits);
  });

  it('makes uploads of 22 bits per coordinate at 64 members', () => {
    expect(packedByteCount(10_000_000, sumBits(64))).toBe((10_000_000 * 22) / 8);
  });

  it('refuses sums over nobody', () => {
    expect(() => sumBits(0)).toThrow(RangeError);
  });
});
