import type { ElementType } from '../graph/graph.ts';
import { elementCount } from '../tensor.ts';
import { type ArrayValue, stridedIndices, stridesOf } from './array-value.ts';
import { inputAt, integerAttribute, type Operator, operatorFault } from './operator.ts';

/** TensorProto.DataType of onnx.proto, of the types that graphs cast to. */
const CAST_TYPES: Readonly<Record<number, ElementType>> = { 1: 'float32', 6: 'int32', 7: 'int64', 9: 'bool' };

/** Operators that compute each element from the elements in the same place, under NumPy's broadcasting. */
export const elementwiseOperators: Readonly<Record<string, Operator>> = {
  Identity: (inputs) => inputAt(inputs, 0),
  Add: (inputs) => combine(inputs, (a, b) => a + b),
  Sub: (inputs) => combine(inputs, (a, b) => a - b),
  Mul: (inputs) => combine(inputs, (a, b) => a * b),
  Div: (inputs) => combine(inputs, (a, b) => a / b),
  Max: (inputs) => combine(inputs, Math.max),
  Min: (inputs) => combine(inputs, Math.min),
  Neg: (inputs) => map(inputs, (x) => -x),
  Exp: (inputs) => map(inputs, Math.exp),
  Log: (inputs) => map(inputs, Math.log),
  Sqrt: (inputs) => map(inputs, Math.sqrt),
  Reciprocal: (inputs) => map(inputs, (x) => 1 / x),
  Sigmoid: (inputs) => map(inputs, (x) => 1 / (1 + Math.exp(-x))),
  Equal: (inputs) => ({ ...combine(inputs, (a, b) => (a === b ? 1 : 0)), type: 'bool' }),
  Where(inputs) {
    const [condition, yes, no] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    if (condition.type !== 'bool') throw operatorFault(`Where on ${condition.type}`);
    assertSameType(yes, no);
    const dims = broadcast([condition, yes, no]);
    const [c, a, b] = [spread(condition, dims), spread(yes, dims), spread(no, dims)];
    return { type: yes.type, dims, data: c.map((chosen, i) => (chosen === 1 ? a[i] : b[i]) as number) };
  },
  Cast(inputs, attributes) {
    const x = inputAt(inputs, 0);
    const type = CAST_TYPES[integerAttribute(attributes, 'to', 0)];
    if (!type) throw operatorFault(`Cast to data type ${integerAttribute(attributes, 'to', 0)}`);
    return { type, dims: x.dims, data: x.data.map(CONVERSIONS[type] ?? ((value) => value)) };
  },
};

const CONVERSIONS: Partial<Record<ElementType, (value: number) => number>> = {
  int32: Math.trunc,
  int64: Math.trunc,
  bool: (value) => (value === 0 ? 0 : 1),
};

function map(inputs: readonly ArrayValue[], compute: (x: number) => number): ArrayValue {
  const x = inputAt(inputs, 0);
  return { ...x, data: x.data.map(compute) };
}

/** compute(a, b) under broadcasting. */
export function combine(inputs: readonly ArrayValue[], compute: (a: number, b: number) => number): ArrayValue {
  const [left, right] = [inputAt(inputs, 0), inputAt(inputs, 1)];
  assertSameType(left, right);
  const dims = broadcast([left, right]);
  const [a, b] = [spread(left, dims), spread(right, dims)];
  return { type: left.type, dims, data: a.map((x, i) => compute(x, b[i] as number)) };
}

function assertSameType(a: ArrayValue, b: ArrayValue): void {
  if (a.type !== b.type) throw operatorFault(`one operator on ${a.type} and ${b.type}`);
}

/** The common shape of arrays, in which an extent of 1 fits any other. */
export function broadcast(arrays: readonly Pick<ArrayValue, 'dims'>[]): number[] {
  const rank = Math.max(...arrays.map(({ dims }) => dims.length));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = arrays.map(({ dims }) => dims[axis - rank + dims.length] ?? 1).filter((extent) => extent !== 1);
    if (extents.some((extent) => extent !== extents[0])) {
      throw operatorFault(`shapes ${arrays.map(({ dims }) => `[${dims}]`).join(' and ')} do not broadcast`);
    }
    return extents[0] ?? 1;
  });
}

/** Elements of `x` repeated to a wider shape. */
function spread(x: ArrayValue, dims: readonly number[]): Float64Array {
  if (elementCount(x.dims) === elementCount(dims)) return x.data;
  const places = stridedIndices(dims, broadcastStrides(x.dims, dims.length));
  return Float64Array.from(places, (place) => x.data[place] as number);
}

/** Strides of an array seen as one of a higher rank, with 0 where it repeats. */
export function broadcastStrides(dims: readonly number[], rank: number): number[] {
  const own = stridesOf(dims).map((stride, axis) => (dims[axis] === 1 ? 0 : stride));
  return [...Array.from({ length: rank - dims.length }, () => 0), ...own];
}
