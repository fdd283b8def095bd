import { VALUE_BITS } from '../limits.ts';

/**
 * Bits in which the sum of `members` quantised values fits without a wrap: 16 + ⌈log2 members⌉, 22 at 64 members.
 * @param members 1 … 65536
 */
export function sumBits(members: number): number {
  if (!Number.isInteger(members) || members < 1 || members > 65536) {
    throw new RangeError(`A sum is over 1 to 65536 members, got ${members}`);
  }
  return VALUE_BITS + (32 - Math.clz32(members - 1)) * Number(members > 1);
}

/** Bytes of `count` values packed to `bits` each. */
export function packedByteCount(count: number, bits: number): number {
  return Math.ceil((count * bits) / 8);
}
