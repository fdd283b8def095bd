import type { SeededRandom } from './seeded-random.ts';

/**
 * Shamir's sharing as the package shamir-secret-sharing does it (GF(2^8) of AES, the place as last byte), but with
 * coefficients that a seed fixes: the package draws its own, so that a world could not be run again.
 */
export function seededShares(random: SeededRandom, secret: Uint8Array, count: number, threshold: number): Uint8Array[] {
  const rows = Array.from(secret, (byte) => [byte, ...random.bytes(threshold - 1)]);
  return random
    .shuffle(Array.from({ length: 255 }, (_, index) => index + 1))
    .slice(0, count)
    .map((place) => Uint8Array.from([...rows.map((coefficients) => evaluate(coefficients, place)), place]));
}

function evaluate(coefficients: readonly number[], place: number): number {
  return coefficients.reduceRight((sum, coefficient) => multiply(sum, place) ^ coefficient, 0);
}

/** Product in GF(2^8) modulo x⁸ + x⁴ + x³ + x + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let left = a, right = b; right > 0; right >>= 1) {
    if (right & 1) product ^= left;
    left = (left << 1) ^ (left & 0x80 ? 0x11b : 0);
  }
  return product;
}
