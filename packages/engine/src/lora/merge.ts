/** An adapter's arrays on one linear. */
export interface LoraArrays {
  /** [rank, in] */
  readonly a: Float32Array;
  /** [out, rank] */
  readonly b: Float32Array;
  /** α/r, or α/√r with rsLoRA. */
  readonly scale: number;
}

/**
 * The weight of a linear with its adapter worked in: W + scale·B·A, summed in double precision, so that the result is
 * the float32 nearest to the exact one up to the last rounding.
 * @param weight [out, in], left as it is
 * @returns an array of its own, [out, in]
 * @throws RangeError where the arrays' lengths don't fit each other.
 */
export function mergeLora(
  weight: Float32Array,
  { a, b, scale }: LoraArrays,
  { out, into }: { readonly out: number; readonly into: number },
): Float32Array {
  const rank = a.length / into;
  if (!Number.isInteger(rank) || weight.length !== out * into || b.length !== out * rank) {
    throw new RangeError(`W ${weight.length}, A ${a.length}, B ${b.length} elements do not fit [${out}, ${into}]`);
  }
  const merged = new Float32Array(weight.length);
  const row = new Float64Array(into);
  for (let o = 0; o < out; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * (b[o * rank + r] as number);
      for (let i = 0; i < into; i++) row[i] = (row[i] as number) + factor * (a[r * into + i] as number);
    }
    for (let i = 0; i < into; i++) merged[o * into + i] = (weight[o * into + i] as number) + (row[i] as number);
  }
  return merged;
}
