import { MAX_VALUE } from '../limits.ts';
import { maxExamplesOf, type QuantiserPlan } from './quantise.ts';

/** The mean of the members' updates, to be had piece by piece: 8 bytes a coordinate are much beside a model. */
export interface MeanOfSum {
  readonly length: number;
  /** Coordinates `start` … `end` − 1. */
  piece(start: number, end: number): Float64Array;
}

/**
 * The (weighted) mean of the members' clipped updates from the sum of their quantised values, in float64 by + − × /
 * only, so that every party gets the same bytes.
 * @param sum of `quantise`'s values, coordinate by coordinate
 * @param members how many values each coordinate is the sum of
 * @returns undefined where the weights that came out of the sum can't be (none, or above what the plan lets the members
 *   have), so that someone sent numbers out of range.
 */
export function meanOfSum(sum: Uint32Array, plan: QuantiserPlan, members: number): MeanOfSum | undefined {
  const step = (2 * plan.range) / MAX_VALUE;
  const offset = members * plan.range;
  const [length, factor] = plan.weights === 'equal' ? [sum.length, 1 / members] : weighted(sum, plan, members);
  if (factor === undefined) return undefined;
  return {
    length,
    piece(start, end) {
      const mean = new Float64Array(end - start);
      for (let i = 0; i < mean.length; i++) mean[i] = (sum[start + i]! * step - offset) * factor;
      return mean;
    },
  };
}

/** `meanOfSum`, whole. */
export function dequantiseSum(sum: Uint32Array, plan: QuantiserPlan, members: number): Float64Array | undefined {
  const mean = meanOfSum(sum, plan, members);
  return mean?.piece(0, mean.length);
}

/** Length of the update, and maxExamples / Σ examples. */
function weighted(sum: Uint32Array, plan: QuantiserPlan, members: number): [number, number | undefined] {
  const length = sum.length - 1;
  const examples = sum[length];
  const maxExamples = maxExamplesOf(plan);
  if (examples === undefined || examples < members || examples > members * maxExamples) return [length, undefined];
  return [length, maxExamples / examples];
}
