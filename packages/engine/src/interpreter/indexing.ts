import { elementCount } from '../tensor.ts';
import { type ArrayValue, stridedIndices, stridesOf, takeElements } from './array-value.ts';
import {
  type Attributes,
  axisOf,
  indexOf,
  inputAt,
  integerAttribute,
  type Operator,
  operatorFault,
} from './operator.ts';

/** Operators that read or write where other arrays tell them to. */
export const indexingOperators: Readonly<Record<string, Operator>> = {
  /** Whole slices along `axis`: dims before the axis, dims of the indices, dims after it. */
  Gather(inputs, attributes) {
    const [x, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const axis = axisOf(integerAttribute(attributes, 'axis', 0), x.dims.length);
    const [before, after] = [x.dims.slice(0, axis), x.dims.slice(axis + 1)];
    const strides = stridesOf(x.dims);
    const dims = [...before, ...indices.dims, ...after];
    const inner = stridedIndices(after, strides.slice(axis + 1));
    const places: number[] = [];
    for (const outer of stridedIndices(before, strides)) {
      for (const index of indices.data) {
        const start = outer + indexOf(index, x.dims[axis] as number) * (strides[axis] as number);
        for (const offset of inner) places.push(start + offset);
      }
    }
    return takeElements(x, dims, Int32Array.from(places));
  },
  /** The element in the same place but for its coordinate on `axis`, which the indices give. */
  GatherElements(inputs, attributes) {
    const [x, indices] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    return takeElements(x, indices.dims, placesAlongAxis(x.dims, indices, attributes));
  },
  /** The inverse of GatherElements: updates go where it would read. */
  ScatterElements(inputs, attributes) {
    const [x, indices, updates] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    if (updates.dims.join() !== indices.dims.join()) {
      throw operatorFault(`updates of shape [${updates.dims}] for indices of [${indices.dims}]`);
    }
    return scatter(x, { places: placesAlongAxis(x.dims, indices, attributes), updates }, attributes);
  },
  /** The last axis of the indices holds the leading coordinates of a slice, into which the update goes. */
  ScatterND(inputs, attributes) {
    const [x, indices, updates] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const depth = indices.dims.at(-1) ?? 0;
    const expected = [...indices.dims.slice(0, -1), ...x.dims.slice(depth)];
    if (updates.dims.join() !== expected.join()) {
      throw operatorFault(`updates of shape [${updates.dims}] instead of [${expected}]`);
    }
    const strides = stridesOf(x.dims);
    const inner = stridedIndices(x.dims.slice(depth), strides.slice(depth));
    const places: number[] = [];
    for (let at = 0; at < indices.data.length; at += depth) {
      const coordinates = indices.data.subarray(at, at + depth);
      const start = coordinates.reduce(
        (sum, index, axis) => sum + indexOf(index, x.dims[axis] as number) * (strides[axis] as number),
        0,
      );
      for (const offset of inner) places.push(start + offset);
    }
    return scatter(x, { places: Int32Array.from(places), updates }, attributes);
  },
};

function placesAlongAxis(dims: readonly number[], indices: ArrayValue, attributes: Attributes): Int32Array {
  const axis = axisOf(integerAttribute(attributes, 'axis', 0), dims.length);
  const strides = stridesOf(dims);
  const without = strides.map((stride, i) => (i === axis ? 0 : stride));
  return stridedIndices(indices.dims, without).map(
    (start, i) => start + indexOf(indices.data[i] as number, dims[axis] as number) * (strides[axis] as number),
  );
}

function scatter(
  x: ArrayValue,
  { places, updates }: { places: Int32Array; updates: ArrayValue },
  { reduction = 'none' }: Attributes,
): ArrayValue {
  if (reduction !== 'none' && reduction !== 'add')
    throw operatorFault(`a scatter with reduction ${JSON.stringify(reduction)}`);
  const data = x.data.slice(0, elementCount(x.dims));
  places.forEach((place, i) => {
    const update = updates.data[i] as number;
    data[place] = reduction === 'add' ? (data[place] as number) + update : update;
  });
  return { ...x, data };
}
