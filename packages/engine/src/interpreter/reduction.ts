import { elementCount } from '../tensor.ts';
import { type ArrayValue, stridedIndices, stridesOf } from './array-value.ts';
import { axisOf, inputAt, integerAttribute, type Operator } from './operator.ts';

/** Operators that join the elements along axes. */
export const reductionOperators: Readonly<Record<string, Operator>> = {
  ReduceSum: reduction(0, (sum, x) => sum + x),
  ReduceSumSquare: reduction(0, (sum, x) => sum + x * x),
  ReduceMax: reduction(Number.NEGATIVE_INFINITY, Math.max),
  ReduceMin: reduction(Number.POSITIVE_INFINITY, Math.min),
  Softmax(inputs, attributes) {
    const x = inputAt(inputs, 0);
    const axis = axisOf(integerAttribute(attributes, 'axis', -1), x.dims.length);
    const { groups, kept } = groupsOf(x.dims, [axis]);
    const largest = fold(x, { groups, count: elementCount(kept), start: Number.NEGATIVE_INFINITY }, Math.max);
    // Shifted by the largest, which changes no quotient and keeps the exponentials from overflowing.
    const shifted = x.data.map((value, i) => Math.exp(value - (largest[groups[i] as number] as number)));
    const exponentials = { ...x, data: shifted };
    const sums = fold(exponentials, { groups, count: largest.length, start: 0 }, (sum, value) => sum + value);
    return { ...x, data: exponentials.data.map((value, i) => value / (sums[groups[i] as number] as number)) };
  },
};

function reduction(start: number, join: (sum: number, x: number) => number): Operator {
  return (inputs, attributes) => {
    const x = inputAt(inputs, 0);
    const rank = x.dims.length;
    const axes = inputs[1] ? Array.from(inputs[1].data, (axis) => axisOf(axis, rank)) : [...x.dims.keys()];
    const { groups, kept } = groupsOf(x.dims, axes);
    const data = fold(x, { groups, count: elementCount(kept), start }, join);
    const keep = integerAttribute(attributes, 'keepdims', 1) === 1;
    return { type: x.type, dims: keep ? kept : x.dims.filter((_, axis) => !axes.includes(axis)), data };
  };
}

/** The shape left when `axes` shrink to 1, and the place in it of each element of the full shape. */
function groupsOf(dims: readonly number[], axes: readonly number[]): { groups: Int32Array; kept: number[] } {
  const kept = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  return { groups: stridedIndices(dims, strides), kept };
}

function fold(
  x: ArrayValue,
  { groups, count, start }: { groups: Int32Array; count: number; start: number },
  join: (sum: number, x: number) => number,
): Float64Array {
  const results = new Float64Array(count).fill(start);
  x.data.forEach((value, i) => {
    const group = groups[i] as number;
    results[group] = join(results[group] as number, value);
  });
  return results;
}
