import { BLOCK } from '../graph/stacked-matrix.ts';

/** Rows of a matrix in 4 bits, as `int4Stack` takes them. */
export interface QuantizedBlocks {
  /** [rows, columns/2] */
  readonly values: Uint8Array<ArrayBuffer>;
  /** [rows · columns/32] */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Factors of a block's usual scale that are tried: a few weights may be cut off where the others come nearer. */
const FACTORS = [1, 0.92, 0.84, 1.08];

/**
 * Rounds each block of 32 weights to −8 … 7 times a scale: of the usual one, which takes the largest magnitude to −8,
 * and some near it, the one with the least squared error.
 * @param data [rows, columns], where 32 divides `columns`
 */
export function quantizeBlocks(data: Float32Array): QuantizedBlocks {
  const values = new Uint8Array(data.length / 2);
  const scales = new Float32Array(data.length / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const start = block * BLOCK;
    const scale = Math.fround(bestScale(data, start));
    scales[block] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = 0; i < BLOCK; i += 2) {
      const low = wholeNumber(data[start + i] as number, inverse) + 8;
      const high = wholeNumber(data[start + i + 1] as number, inverse) + 8;
      values[(start + i) / 2] = low | (high << 4);
    }
  }
  return { values, scales };
}

function bestScale(data: Float32Array, start: number): number {
  let peak = 0;
  for (let i = start; i < start + BLOCK; i++) {
    if (Math.abs(data[i] as number) > Math.abs(peak)) peak = data[i] as number;
  }
  if (peak === 0) return 0;
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const factor of FACTORS) {
    const scale = (peak / -8) * factor;
    const inverse = 1 / scale;
    let error = 0;
    for (let i = start; i < start + BLOCK; i++) {
      const x = data[i] as number;
      error += (x - scale * wholeNumber(x, inverse)) ** 2;
    }
    if (error < least) [best, least] = [scale, error];
  }
  return best;
}

function wholeNumber(x: number, inverse: number): number {
  const scaled = x * inverse;
  // To the nearest, halves away from zero.
  const whole = scaled < 0 ? (scaled - 0.5) | 0 : (scaled + 0.5) | 0;
  return whole < -8 ? -8 : whole > 7 ? 7 : whole;
}
