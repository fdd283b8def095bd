import { forEachChunk, type YieldControl } from './element-chunks.ts';

export interface GradientNorm {
  /** L2 norm over all elements of all arrays, summed in float64; NaN or ∞ where an element is. */
  readonly total: number;
  /** Index of the first array that holds a NaN or an infinity, or -1. */
  readonly firstNonFinite: number;
}

/** Measures without changing anything. Squares of float32 cannot overflow float64, so only a bad element is not finite. */
export async function gradientNorm(
  gradients: readonly Float32Array[],
  yieldControl: YieldControl,
): Promise<GradientNorm> {
  const squares = new Float64Array(gradients.length);
  await forEachChunk(
    gradients,
    (index, start, end) => {
      squares[index]! += sumOfSquares(gradients[index]!.subarray(start, end));
    },
    yieldControl,
  );
  const total = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  return { total, firstNonFinite: squares.findIndex((square) => !Number.isFinite(square)) };
}

/**
 * Scales all gradients in place so that their common norm is at most `maxNorm`.
 * @param norm their norm, finite, from {@link gradientNorm}.
 * @returns the factor, 1 where nothing was changed.
 * Source: `torch.nn.utils.clip_grad_norm_`, its 1e-6 included.
 */
export async function clipGradients(
  gradients: readonly Float32Array[],
  limits: { readonly norm: number; readonly maxNorm: number },
  yieldControl: YieldControl,
): Promise<number> {
  if (!(limits.maxNorm > 0)) throw new RangeError(`The largest gradient norm must be positive, got ${limits.maxNorm}`);
  const factor = limits.maxNorm / (limits.norm + 1e-6);
  if (!(factor < 1)) return 1;
  await forEachChunk(
    gradients,
    (index, start, end) => {
      const gradient = gradients[index]!;
      for (let i = start; i < end; i++) gradient[i]! *= factor;
    },
    yieldControl,
  );
  return factor;
}

function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}
