/**
 * Bits of one element of every type that the format knows. The order is the format's own, by alignment: the reference
 * writer sorts tensors by it, last first, so it decides about the bytes of a file.
 * @see the enumeration Dtype of huggingface/safetensors, safetensors/src/tensor.rs
 */
const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** An element type as safetensors spells it. */
export type SafetensorsDtype = keyof typeof BITS;

/** All element types, by growing alignment. */
export const SAFETENSORS_DTYPES = Object.keys(BITS) as readonly SafetensorsDtype[];

export function isSafetensorsDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === 'string' && Object.hasOwn(BITS, value);
}

/**
 * Bits of a whole tensor; a scalar (no dims) has one element. Types under a byte are packed, so the result need not be
 * a multiple of 8.
 * @param dims whole numbers from 0
 * @returns undefined where the count of elements or bits passes 2^53 − 1.
 */
export function tensorBitCount(dtype: SafetensorsDtype, dims: readonly number[]): number | undefined {
  let count = 1;
  for (const dim of dims) {
    count *= dim;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  const bits = count * BITS[dtype];
  return Number.isSafeInteger(bits) ? bits : undefined;
}
