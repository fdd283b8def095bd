import type { ClearRule } from '../plan.ts';

/**
 * The members' updates made one, coordinate by coordinate, in float64.
 * @throws RangeError unless all are equally long, and for the trainer's rule, which isn't one of numbers
 */
export function applyRule(rule: ClearRule, updates: readonly ArrayLike<number>[]): Float64Array {
  switch (rule.kind) {
    case 'mean':
      return meanOf(updates);
    case 'median':
      return trimmedMeanOf(updates, Math.floor((updates.length - 1) / 2));
    case 'trimmed-mean':
      return trimmedMeanOf(updates, Math.floor(rule.trim * updates.length));
    case 'trainer':
      throw new RangeError('Only the trainer can make opaque parameters one');
  }
}

/**
 * Mean, weighted by `weights` where given: Σ nₖ·xₖ / Σ nₖ.
 * @param weights positive, one for each update
 * @see McMahan et al. 2017, arXiv 1602.05629
 */
export function meanOf(updates: readonly ArrayLike<number>[], weights?: readonly number[]): Float64Array {
  const mean = new Float64Array(assertSameLength(updates));
  if (weights !== undefined && weights.length !== updates.length) {
    throw new RangeError(`${weights.length} weights for ${updates.length} updates`);
  }
  let total = 0;
  for (const [index, update] of updates.entries()) {
    const weight = weights?.[index] ?? 1;
    total += weight;
    for (let i = 0; i < mean.length; i++) mean[i]! += weight * update[i]!;
  }
  for (let i = 0; i < mean.length; i++) mean[i]! /= total;
  return mean;
}

/**
 * Cuts the `cut` smallest and largest values of every coordinate and takes the mean of the rest. With all but the middle
 * one (or two) cut it is the median.
 * @see Yin et al. 2018, arXiv 1803.01498
 */
export function trimmedMeanOf(updates: readonly ArrayLike<number>[], cut: number): Float64Array {
  const result = new Float64Array(assertSameLength(updates));
  const kept = updates.length - 2 * cut;
  if (!Number.isInteger(cut) || cut < 0 || kept < 1) {
    throw new RangeError(`${cut} at both ends can't be cut from ${updates.length} updates`);
  }
  const column = new Float64Array(updates.length);
  for (let i = 0; i < result.length; i++) {
    for (let k = 0; k < updates.length; k++) column[k] = updates[k]![i]!;
    column.sort();
    let sum = 0;
    for (let k = cut; k < cut + kept; k++) sum += column[k]!;
    result[i] = sum / kept;
  }
  return result;
}

function assertSameLength(updates: readonly ArrayLike<number>[]): number {
  const [first] = updates;
  if (first === undefined) throw new RangeError('There is no update');
  const other = updates.find(({ length }) => length !== first.length);
  if (other !== undefined) throw new RangeError(`Updates have ${first.length} and ${other.length} numbers`);
  return first.length;
}
