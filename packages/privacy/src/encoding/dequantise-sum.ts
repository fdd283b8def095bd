import { MAX_VALUE } from '../limits.ts';
import { maxExamplesOf, type QuantiserPlan } from './quantise.ts';

/**
 * The (weighted) mean of the members' clipped updates from the sum of their quantised values, in float64 by + − × /
 * only, so that every party gets the same bytes.
 * @param sum of `quantise`'s values, coordinate by coordinate
 * @param members how many values each coordinate is the sum of
 * @returns the mean; undefined where the weights that came out of the sum can't be (none, or above what the plan lets
 *   the members have), so that someone sent numbers out of range.
 */
export function dequantiseSum(sum: Uint32Array, plan: QuantiserPlan, members: number): Float64Array | undefined {
  const step = (2 * plan.range) / MAX_VALUE;
  const offset = members * plan.range;
  const [length, factor] = plan.weights === 'equal' ? [sum.length, 1 / members] : weighted(sum, plan, members);
  if (factor === undefined) return undefined;
  const mean = new Float64Array(length);
  for (let i = 0; i < length; i++) mean[i] = (sum[i]! * step - offset) * factor;
  return mean;
}

/** Length of the update, and maxExamples / Σ examples. */
function weighted(sum: Uint32Array, plan: QuantiserPlan, members: number): [number, number | undefined] {
  const length = sum.length - 1;
  const examples = sum[length];
  const maxExamples = maxExamplesOf(plan);
  if (examples === undefined || examples < members || examples > members * maxExamples) return [length, undefined];
  return [length, maxExamples / examples];
}
