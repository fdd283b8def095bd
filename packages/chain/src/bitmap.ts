/** Members of an alliance as contracts write sets of them: bit i stands for the member with index i. */
export type MemberBitmap = bigint;

const MAX_MEMBERS = 64;

/** @throws RangeError for an index that is no whole number from 0 to 63. */
export function bitmapOf(indices: Iterable<number>): MemberBitmap {
  let bitmap = 0n;
  for (const index of indices) {
    if (!Number.isInteger(index) || index < 0 || index >= MAX_MEMBERS) {
      throw new RangeError(`${index} is not the index of a member: 0 to ${MAX_MEMBERS - 1}`);
    }
    bitmap |= 1n << BigInt(index);
  }
  return bitmap;
}

/** The members' indices, ascending. */
export function indicesOf(bitmap: MemberBitmap): number[] {
  return Array.from({ length: MAX_MEMBERS }, (_, index) => index).filter((index) => (bitmap >> BigInt(index)) & 1n);
}
