import { elementCount } from '../tensor.ts';
import { type ArrayValue, stridedIndices, stridesOf, takeElements } from './array-value.ts';
import { axisOf, inputAt, integerAttribute, type Operator, operatorFault } from './operator.ts';

/** Operators that move elements without computing. */
export const layoutOperators: Readonly<Record<string, Operator>> = {
  Reshape(inputs) {
    const x = inputAt(inputs, 0);
    const asked = Array.from(inputAt(inputs, 1).data, (dim, axis) => (dim === 0 ? (x.dims[axis] ?? 0) : dim));
    const known = elementCount(asked.filter((dim) => dim !== -1));
    const dims = asked.map((dim) => (dim === -1 ? x.data.length / known : dim));
    if (elementCount(dims) !== x.data.length) throw operatorFault(`reshape [${x.dims}] to [${asked}]`);
    return { ...x, dims };
  },
  Unsqueeze(inputs) {
    const x = inputAt(inputs, 0);
    const rank = x.dims.length + inputAt(inputs, 1).data.length;
    const added = Array.from(inputAt(inputs, 1).data, (axis) => axisOf(axis, rank));
    const own = [...x.dims];
    return { ...x, dims: Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (own.shift() ?? 1))) };
  },
  Transpose(inputs, { perm }) {
    const x = inputAt(inputs, 0);
    if (!Array.isArray(perm)) throw operatorFault('Transpose without perm');
    return permute(
      x,
      perm.map((axis: number) => axisOf(axis, x.dims.length)),
    );
  },
  Slice(inputs) {
    const [x, starts, ends, axes] = [0, 1, 2, 3].map((i) => inputAt(inputs, i)) as [
      ArrayValue,
      ArrayValue,
      ArrayValue,
      ArrayValue,
    ];
    if (inputs.length > 4) throw operatorFault('Slice with steps');
    const dims = [...x.dims];
    const strides = stridesOf(x.dims);
    let first = 0;
    axes.data.forEach((given, i) => {
      const axis = axisOf(given, dims.length);
      const extent = x.dims[axis] as number;
      const [start, end] = [starts, ends].map((bounds) => clampBound(bounds.data[i] as number, extent));
      dims[axis] = Math.max(0, (end as number) - (start as number));
      first += (start as number) * (strides[axis] as number);
    });
    return takeElements(x, dims, stridedIndices(dims, strides, first));
  },
  Concat(inputs, attributes) {
    const [first] = inputs;
    if (!first) throw operatorFault('Concat of nothing');
    const axis = axisOf(integerAttribute(attributes, 'axis', 0), first.dims.length);
    const others = (x: ArrayValue) => x.dims.filter((_, i) => i !== axis).join();
    if (inputs.some((x) => x.type !== first.type || others(x) !== others(first))) {
      throw operatorFault(`Concat of ${inputs.map((x) => `[${x.dims}]`).join(', ')}`);
    }
    const total = inputs.reduce((sum, x) => sum + (x.dims[axis] as number), 0);
    const dims = first.dims.map((dim, i) => (i === axis ? total : dim));
    const data = new Float64Array(elementCount(dims));
    let start = 0;
    for (const x of inputs) {
      place(data, x, stridedIndices(x.dims, stridesOf(dims), start));
      start += (x.dims[axis] as number) * (stridesOf(dims)[axis] as number);
    }
    return { type: first.type, dims, data };
  },
  /** With zeros; `pads` are those before every axis, then those after. */
  Pad(inputs) {
    const x = inputAt(inputs, 0);
    const pads = [...inputAt(inputs, 1).data];
    const rank = x.dims.length;
    const dims = x.dims.map((dim, axis) => dim + (pads[axis] as number) + (pads[rank + axis] as number));
    const strides = stridesOf(dims);
    const start = strides.reduce((sum, stride, axis) => sum + stride * (pads[axis] as number), 0);
    const data = new Float64Array(elementCount(dims));
    place(data, x, stridedIndices(x.dims, strides, start));
    return { type: x.type, dims, data };
  },
  Shape(inputs) {
    const { dims } = inputAt(inputs, 0);
    return { type: 'int64', dims: [dims.length], data: Float64Array.from(dims) };
  },
  /** Of zeros, which is what it gives without a value. */
  ConstantOfShape(inputs, attributes) {
    if ('value' in attributes) throw operatorFault('ConstantOfShape with a value');
    const dims = [...inputAt(inputs, 0).data];
    return { type: 'float32', dims, data: new Float64Array(elementCount(dims)) };
  },
};

/** Axis i of the result is axis order[i] of x. */
export function permute(x: ArrayValue, order: readonly number[]): ArrayValue {
  const strides = stridesOf(x.dims);
  const dims = order.map((axis) => x.dims[axis] as number);
  const places = stridedIndices(
    dims,
    order.map((axis) => strides[axis] as number),
  );
  return takeElements(x, dims, places);
}

/** Negative bounds count from the end; those outside are moved to the edge. */
function clampBound(bound: number, extent: number): number {
  return Math.min(extent, Math.max(0, bound < 0 ? bound + extent : bound));
}

function place(target: Float64Array, x: ArrayValue, places: Int32Array): void {
  x.data.forEach((value, i) => {
    target[places[i] as number] = value;
  });
}
