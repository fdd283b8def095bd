import { type ArrayValue, stridedIndices } from './array-value.ts';
import { broadcastStrides, combine } from './elementwise.ts';
import { multiply } from './matrix.ts';
import { axisOf, inputAt, integerAttribute, type Operator, operatorFault } from './operator.ts';

/** Operators between floats and whole numbers of 8 bits, and products of the latter. */
export const integerOperators: Readonly<Record<string, Operator>> = {
  /** Saturating: clamp(round half to even(x / scale) + zero point, 0, 255). */
  QuantizeLinear(inputs, attributes) {
    const x = inputAt(inputs, 0);
    const [scales, zeros] = alongAxis(x, inputs, integerAttribute(attributes, 'axis', 1));
    const data = x.data.map((value, i) => {
      const rounded = roundHalfToEven(Math.fround(value / (scales[i] as number))) + (zeros[i] as number);
      return Math.min(255, Math.max(0, rounded));
    });
    return { type: 'uint8', dims: x.dims, data };
  },
  /** (x − zero point) · scale */
  DequantizeLinear(inputs, attributes) {
    const x = inputAt(inputs, 0);
    if (x.type !== 'uint8' && x.type !== 'uint4') throw operatorFault(`DequantizeLinear of ${x.type}`);
    const block = integerAttribute(attributes, 'block_size', 0);
    const axis = integerAttribute(attributes, 'axis', 1);
    const [scales, zeros] = block > 0 ? alongBlocks(x, inputs, { block, axis }) : alongAxis(x, inputs, axis);
    const data = x.data.map((value, i) => (value - (zeros[i] as number)) * (scales[i] as number));
    return { type: 'float32', dims: x.dims, data };
  },
  /** ((A − zero point) · B) · scale of A · scale of B, the latter one for each column. */
  MatMulIntegerToFloat(inputs) {
    const [a, b] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    const [scaleA, scaleB, zero] = [inputAt(inputs, 2), inputAt(inputs, 3), inputAt(inputs, 4)];
    if (a.type !== 'uint8' || b.type !== 'int8') throw operatorFault(`a product of ${a.type} and ${b.type}`);
    const centred: ArrayValue = { ...a, type: 'float32', data: a.data.map((x) => x - (zero.data[0] as number)) };
    const product = multiply(centred, { ...b, type: 'float32' });
    return combine([combine([product, scaleA], times), scaleB], times);
  },
  /** A · Bᵀ of B [N, K] in blocks that share a scale; values are two to a byte, around 8, the earlier one low. */
  MatMulNBits(inputs, attributes) {
    const [a, values, scales] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const [K, N] = [integerAttribute(attributes, 'K', 0), integerAttribute(attributes, 'N', 0)];
    const block = integerAttribute(attributes, 'block_size', 0);
    if (integerAttribute(attributes, 'bits', 4) !== 4 || inputs.length !== 3) throw operatorFault('other than 4 bits');
    const data = new Float64Array(K * N);
    for (let n = 0; n < N; n++) {
      for (let k = 0; k < K; k++) {
        const i = n * K + k;
        data[k * N + n] = (nibbleAt(values, i) - 8) * (scales.data[n * (K / block) + Math.floor(k / block)] as number);
      }
    }
    return multiply(a, { type: 'float32', dims: [K, N], data });
  },
  /** Rows of values [rows, blocks, block/2] in 4 bits around 8, two to a byte, with a scale a block → [n, blocks, block]. */
  GatherBlockQuantized(inputs, attributes) {
    const [values, indices, scales] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    const [, blocks = 0, bytes = 0] = values.dims;
    const block = integerAttribute(attributes, 'block_size', 0);
    if (integerAttribute(attributes, 'bits', 4) !== 4 || values.dims.length !== 3 || block !== 2 * bytes) {
      throw operatorFault(`rows of [${values.dims}] in blocks of ${block}`);
    }
    const dims = [...indices.dims, blocks, block];
    const width = blocks * block;
    const data = Float64Array.from({ length: indices.data.length * width }, (_, i) => {
      const at = (indices.data[Math.floor(i / width)] as number) * width + (i % width);
      return (nibbleAt(values, at) - 8) * (scales.data[Math.floor(at / block)] as number);
    });
    return { type: 'float32', dims, data };
  },
};

const nibbleAt = ({ data }: ArrayValue, i: number): number => ((data[i >> 1] as number) >> (4 * (i & 1))) & 15;

const times = (x: number, y: number): number => x * y;

/** Scale and zero point for every element of x, from lists along an axis. */
function alongAxis(x: ArrayValue, inputs: readonly ArrayValue[], axis: number): [Float64Array, Float64Array] {
  const own = axisOf(axis, x.dims.length);
  const spread = (list: ArrayValue) => {
    if (list.data.length !== 1 && list.data.length !== x.dims[own]) throw operatorFault(`scales [${list.dims}]`);
    const dims = x.dims.map((_, i) => (i === own ? list.data.length : 1));
    const places = stridedIndices(x.dims, broadcastStrides(dims, x.dims.length));
    return Float64Array.from(places, (place) => list.data[place] as number);
  };
  return [spread(inputAt(inputs, 1)), spread(inputAt(inputs, 2))];
}

/** Scale and zero point for every element of x [rows, columns], from blocks of its last axis. */
function alongBlocks(
  x: ArrayValue,
  inputs: readonly ArrayValue[],
  { block, axis }: { block: number; axis: number },
): [Float64Array, Float64Array] {
  const columns = x.dims[1] as number;
  if (x.dims.length !== 2 || axisOf(axis, 2) !== 1 || columns % block !== 0) {
    throw operatorFault(`blocks of ${block} in [${x.dims}]`);
  }
  const spread = (list: ArrayValue) => x.data.map((_, i) => list.data[Math.floor(i / block)] as number);
  return [spread(inputAt(inputs, 1)), spread(inputAt(inputs, 2))];
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
