/** The value of an IEEE 754 binary16 given as its 16 bits. Exact. */
export function float16ToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The 16 bits of the binary16 nearest to a float32 given as its 32 bits, ties to even. From 65520 on in magnitude it
 * is an infinity; NaN stays NaN, without its payload.
 * @see IEEE 754-2019 §4.3.1
 */
export function narrowToFloat16(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 2^16 and above
  if (magnitude < 0x38800000) return sign | subnormal(magnitude); // below 2^-14
  // Moves the exponent's bias from 127 to 15; a carry out of the fraction rightly raises the exponent.
  return sign | ((roundToEven(magnitude, 13) - (0x38000000 >>> 13)) & 0xffff);
}

/** Counts 2^-24, the unit of binary16's subnormal numbers. */
function subnormal(magnitude: number): number {
  const shift = 126 - (magnitude >>> 23);
  return shift > 24 ? 0 : roundToEven((magnitude & 0x7fffff) | 0x800000, shift);
}

/** `word / 2^shift` to the nearest whole number, ties to the even one; shift 1 … 24. */
function roundToEven(word: number, shift: number): number {
  const floor = word >>> shift;
  const rest = word & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && floor % 2 === 1) ? floor + 1 : floor;
}
