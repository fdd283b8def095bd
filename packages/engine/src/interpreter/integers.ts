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
    if (x.type !== 'uint8') throw operatorFault(`DequantizeLinear of ${x.type}`);
    const [scales, zeros] = alongAxis(x, inputs, integerAttribute(attributes, 'axis', 1));
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
};

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

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
