declare const brand: unique symbol;

/** `Base` that can't be confused with another use of `Base`: only the named maker produces it. Costs nothing at run time. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** `sha256:` and 64 lower-case hexadecimal digits; made by `parseDigest` and the functions of `digest.ts`. */
export type Digest = Brand<string, 'Digest'>;

/** A size or a position in bytes: a whole number from 0 to 2^53 − 1. */
export type Bytes = Brand<number, 'Bytes'>;

/**
 * Marks a number as a count of bytes.
 * @throws RangeError if it is no whole number from 0 to 2^53 − 1.
 */
export function bytes(count: number): Bytes {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is not a count of bytes`);
  return count as Bytes;
}
