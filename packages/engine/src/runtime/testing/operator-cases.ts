import { int4Matrix } from '../../graph/int4-matrix.ts';
import { int8Matrix } from '../../graph/int8-matrix.ts';
import { cachedAttention } from '../../graph/attention.ts';
import { raw } from '../../graph/elementwise.ts';
import type { Attribute, Dim, ElementType, GraphBuilder, Value } from '../../graph/graph.ts';
import { rawLayout } from '../../graph/layout.ts';
import { rawGemm } from '../../graph/linear.ts';
import { createRandom } from '../../random.ts';
import { elementCount, type Tensor } from '../../tensor.ts';

/** One graph that a runtime must compute as the interpreter does. */
export interface OperatorCase {
  readonly label: string;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Extents of inputs that the graph only names; those of the feeds where absent. */
  readonly symbolic?: Readonly<Record<string, readonly Dim[]>>;
  readonly build: (g: GraphBuilder, inputs: Readonly<Record<string, Value>>) => Value;
}

export function normalTensor(dims: readonly number[], seed: number): Tensor {
  const random = createRandom(seed);
  return { type: 'float32', dims, data: Float32Array.from({ length: elementCount(dims) }, () => random.normal()) };
}

const positive = (dims: readonly number[], seed: number): Tensor => ({
  type: 'float32',
  dims,
  data: Float32Array.from(normalTensor(dims, seed).data as Float32Array, (x) => Math.abs(x) + 0.1),
});
const int32 = (dims: readonly number[], list: readonly number[]): Tensor => ({
  type: 'int32',
  dims,
  data: Int32Array.from(list),
});
const bool = (dims: readonly number[], list: readonly number[]): Tensor => ({
  type: 'bool',
  dims,
  data: Uint8Array.from(list),
});

interface Result {
  readonly dims: readonly Dim[];
  readonly type?: ElementType;
  readonly attributes?: Record<string, Attribute>;
}

/** An operator on its feeds in their order, followed by lists of integers as the graph package gives them. */
function plain(
  label: string,
  feeds: Readonly<Record<string, Tensor>>,
  result: Result,
  lists: readonly (readonly number[])[] = [],
): OperatorCase {
  const operator = label.split(' ')[0] as string;
  return {
    label,
    feeds,
    build: (g, inputs) =>
      g.apply(operator, [...Object.values(inputs), ...lists.map((list) => g.integers(list))], {
        dims: result.dims,
        ...(result.type && { type: result.type }),
        ...(result.attributes && { attributes: result.attributes }),
      }),
  };
}

const x = normalTensor([2, 3, 4], 1);
const matrix = normalTensor([3, 4], 2);

const elementwise: OperatorCase[] = [
  plain('Identity', { x }, { dims: x.dims }),
  plain('Div', { x, y: positive([3, 1], 3) }, { dims: x.dims }),
  ...['Add', 'Sub', 'Mul', 'Max', 'Min'].flatMap((operator) => [
    plain(operator, { x, y: normalTensor([2, 3, 4], 3) }, { dims: x.dims }),
    plain(
      `${operator} that broadcasts on both sides`,
      { x: normalTensor([2, 1, 4], 4), y: normalTensor([3, 1], 5) },
      {
        dims: x.dims,
      },
    ),
    plain(`${operator} with a scalar`, { x, y: normalTensor([], 6) }, { dims: x.dims }),
  ]),
  ...['Neg', 'Exp', 'Sigmoid'].map((operator) => plain(operator, { x }, { dims: x.dims })),
  ...['Log', 'Sqrt', 'Reciprocal'].map((operator) => plain(operator, { x: positive([2, 3, 4], 7) }, { dims: x.dims })),
  plain(
    'Equal that broadcasts',
    { a: int32([2, 3, 1], [1, 1, 2, 0, 1, 2]), b: int32([2, 1, 3], [1, 1, 2, 0, 1, 2]) },
    { dims: [2, 3, 3], type: 'bool' },
  ),
  plain(
    'Where that broadcasts',
    { keep: bool([2, 1, 4], [1, 0, 1, 1, 0, 0, 1, 0]), yes: x, no: normalTensor([], 8) },
    { dims: x.dims },
  ),
  plain('Cast of int32 to int64', { x: int32([3], [-1, 0, 7]) }, { dims: [3], type: 'int64', attributes: { to: 7 } }),
  plain('Cast of int32 to float32', { x: int32([3], [-1, 0, 7]) }, { dims: [3], attributes: { to: 1 } }),
  plain('Cast of bool to float32', { x: bool([3], [1, 0, 1]) }, { dims: [3], attributes: { to: 1 } }),
];

const reduction: OperatorCase[] = [
  ...['ReduceSum', 'ReduceSumSquare', 'ReduceMax', 'ReduceMin'].flatMap((operator) => [
    plain(operator, { x }, { dims: [2, 3, 1], attributes: { keepdims: 1 } }, [[2]]),
    plain(`${operator} over two axes, dropped`, { x }, { dims: [3], attributes: { keepdims: 0 } }, [[0, 2]]),
    plain(`${operator} to a scalar`, { x }, { dims: [], attributes: { keepdims: 0 } }, [[0, 1, 2]]),
  ]),
  plain('Softmax', { x }, { dims: x.dims, attributes: { axis: -1 } }),
  plain(
    'Softmax with masked and with large scores',
    { x: { type: 'float32', dims: [3, 3], data: Float32Array.of(1, -1e30, 2, -1e30, -1e30, -1e30, 900, 901, 0) } },
    { dims: [3, 3], attributes: { axis: -1 } },
  ),
];

const layout: OperatorCase[] = [
  plain('Reshape', { x }, { dims: [4, 6] }, [[4, 6]]),
  plain('Reshape with an extent to be found', { x }, { dims: [3, 8] }, [[3, -1]]),
  plain(
    'Transpose',
    { x: normalTensor([2, 3, 4, 5], 9) },
    {
      dims: [4, 2, 5, 3],
      attributes: { perm: [2, 0, 3, 1] },
    },
  ),
  plain('Slice', { x }, { dims: [2, 2, 4] }, [[1], [3], [1]]),
  plain('Slice of integers', { x: int32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]) }, { dims: [2, 2], type: 'int32' }, [
    [1],
    [3],
    [1],
  ]),
  plain('Concat', { x, y: normalTensor([2, 1, 4], 10) }, { dims: [2, 4, 4], attributes: { axis: 1 } }),
  plain('Concat of an empty part', { x: normalTensor([2, 0, 4], 11), y: x }, { dims: x.dims, attributes: { axis: 1 } }),
  plain('Pad', { x }, { dims: [2, 5, 4] }, [[0, 0, 0, 0, 2, 0]]),
  plain('Unsqueeze', { x }, { dims: [2, 1, 3, 4] }, [[1]]),
  plain('Shape', { x }, { dims: [3], type: 'int64' }),
  plain('ConstantOfShape', {}, { dims: [2, 3] }, [[2, 3]]),
];

const indexing: OperatorCase[] = [
  plain(
    'Gather of rows',
    { table: matrix, index: int32([4], [2, 0, 2, 1]) },
    { dims: [4, 4], attributes: { axis: 0 } },
  ),
  plain('GatherElements', { x: matrix, index: int32([3, 1], [3, 0, 2]) }, { dims: [3, 1], attributes: { axis: 1 } }),
  {
    label: 'ScatterND that adds to rows given twice',
    feeds: { zeros: matrix, index: int32([3], [2, 0, 2]), updates: normalTensor([3, 4], 12) },
    build: (g, { zeros, index, updates }) => {
      const wide = g.apply('Cast', [index!], { dims: [3], type: 'int64', attributes: { to: 7 } });
      const at = rawLayout.reshape(g, wide, [3, 1]);
      return g.apply('ScatterND', [zeros!, at, updates!], { dims: [3, 4], attributes: { reduction: 'add' } });
    },
  },
  {
    label: 'ScatterElements that adds',
    feeds: { base: matrix, index: int32([3], [3, 0, 3]), updates: normalTensor([3, 1], 13) },
    build: (g, { base, index, updates }) => {
      const wide = g.apply('Cast', [index!], { dims: [3], type: 'int64', attributes: { to: 7 } });
      const at = g.apply('Unsqueeze', [wide, g.integers([1])], { dims: [3, 1], type: 'int64' });
      const attributes = { axis: 1, reduction: 'add' };
      return g.apply('ScatterElements', [base!, at, updates!], { dims: [3, 4], attributes });
    },
  },
];

const b = normalTensor([4, 5], 14);

const products: OperatorCase[] = [
  plain('Gemm', { a: matrix, b }, { dims: [3, 5] }),
  plain('Gemm onto a row', { a: matrix, b, c: normalTensor([5], 15) }, { dims: [3, 5] }),
  plain(
    'Gemm onto a matrix, scaled',
    { a: matrix, b, c: normalTensor([3, 5], 16) },
    {
      dims: [3, 5],
      attributes: { alpha: { float: 0.3 } },
    },
  ),
  ...[
    { transposeA: true, dims: [4, 3], other: [4, 5] },
    { transposeB: true, dims: [3, 4], other: [5, 4] },
  ].map(
    ({ dims, other, ...options }): OperatorCase => ({
      label: `Gemm with ${Object.keys(options)[0]}`,
      feeds: { a: { ...matrix, dims }, b: normalTensor(other, 17) },
      build: (g, v) => rawGemm(g, [{ ...v.a! }, v.b!], options),
    }),
  ),
  plain(
    'MatMul of stacks',
    { a: normalTensor([2, 3, 4, 5], 18), b: normalTensor([2, 3, 5, 2], 19) },
    {
      dims: [2, 3, 4, 2],
    },
  ),
];

const composed: OperatorCase[] = [
  {
    label: 'attention on a cache, with lengths that the graph only names',
    feeds: {
      q: normalTensor([2, 4, 3, 6], 20),
      k: normalTensor([2, 2, 5, 6], 21),
      v: normalTensor([2, 2, 5, 6], 22),
      bias: normalTensor([2, 1, 3, 5], 23),
    },
    symbolic: {
      q: [2, 4, 'new', 6],
      k: [2, 2, 'total', 6],
      v: [2, 2, 'total', 6],
      bias: [2, 1, 'new', 'total'],
    },
    build: (g, { q, k, v, bias }) => cachedAttention(g, { q: q!, k: k!, v: v!, bias: bias! }),
  },
  {
    label: 'a value used twice, and constants shared',
    feeds: { x },
    build: (g, v) => raw.add(g, raw.mul(g, v.x!, g.scalar(2)), raw.mul(g, v.x!, g.scalar(2))),
  },
];

/** Whole numbers over their whole range, as a factor of 8 bits has them. */
const wholeNumbers = (count: number): Int8Array => Int8Array.from({ length: count }, (_, i) => ((i * 89) % 255) - 127);

const integers: OperatorCase[] = [
  {
    label: 'QuantizeLinear by rows, there and back',
    feeds: { x: normalTensor([3, 5], 24), scales: positive([3], 25) },
    build: (g, { x: values, scales }) => {
      const attributes = { axis: 0 };
      const zero = g.bytes(128, [3]);
      const whole = g.apply('QuantizeLinear', [values!, scales!, zero], { dims: [3, 5], type: 'uint8', attributes });
      return g.apply('DequantizeLinear', [whole, scales!, zero], { dims: [3, 5], attributes });
    },
  },
  ...[false, true].map(
    (fine): OperatorCase => ({
      label: `MatMulIntegerToFloat${fine ? ', fine' : ''}`,
      feeds: { x: normalTensor([3, 608], 26) },
      build: (g, v) => {
        const scales = Float32Array.from({ length: 4 }, (_, i) => 0.001 * (i + 1));
        const values = wholeNumbers(608 * 4);
        const forward = { values, second: fine ? values.toReversed() : undefined, scales };
        return int8Matrix({ name: 'w', dims: [4, 608], forward, backward: forward }).forward(g, v.x!);
      },
    }),
  ),
];

/** All whole numbers of 4 bits, in blocks of two scales. */
const int4Weight = {
  name: 'w',
  dims: [6, 64] as const,
  values: Uint8Array.from({ length: 6 * 32 }, (_, i) => (i * 37) % 256),
  scales: Float32Array.from({ length: 12 }, (_, i) => 0.01 * (i + 1)),
};
const [twice, once] = [false, true].map((inOneType) => int4Matrix(int4Weight, { inOneType }));

const nibbles: OperatorCase[] = [
  { label: 'MatMulNBits', feeds: { x: normalTensor([3, 64], 27) }, build: (g, v) => twice!.forward(g, v.x!) },
  {
    label: 'DequantizeLinear of 4 bits in blocks, and a product with it',
    feeds: { dy: normalTensor([3, 6], 28) },
    build: (g, v) => twice!.backward(g, v.dy!),
  },
  {
    label: 'GatherBlockQuantized of all rows, and a product with them',
    feeds: { dy: normalTensor([3, 6], 28) },
    build: (g, v) => once!.backward(g, v.dy!),
  },
];

/** Every operator that the graph package writes, in the forms in which it writes it. */
export const operatorCases: readonly OperatorCase[] = [
  ...elementwise,
  ...reduction,
  ...layout,
  ...indexing,
  ...products,
  ...composed,
  ...integers,
  ...nibbles,
];
