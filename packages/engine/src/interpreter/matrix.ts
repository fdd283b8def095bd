import { elementCount } from '../tensor.ts';
import { type ArrayValue, stridedIndices } from './array-value.ts';
import { broadcast, broadcastStrides, combine } from './elementwise.ts';
import { floatAttribute, inputAt, integerAttribute, type Operator, operatorFault } from './operator.ts';
import { permute } from './layout.ts';

/** Products of matrices. */
export const matrixOperators: Readonly<Record<string, Operator>> = {
  /** alpha · op(A) · op(B) + beta · C */
  Gemm(inputs, attributes) {
    const a = transposeIf(integerAttribute(attributes, 'transA', 0), inputAt(inputs, 0));
    const b = transposeIf(integerAttribute(attributes, 'transB', 0), inputAt(inputs, 1));
    if (a.dims.length !== 2 || b.dims.length !== 2) throw operatorFault(`Gemm of [${a.dims}] and [${b.dims}]`);
    const product = scale(multiply(a, b), floatAttribute(attributes, 'alpha', 1));
    const [, , c] = inputs;
    if (!c) return product;
    const sum = combine([product, scale(c, floatAttribute(attributes, 'beta', 1))], (x, y) => x + y);
    if (sum.dims.join() !== product.dims.join()) throw operatorFault(`Gemm onto [${c.dims}]`);
    return sum;
  },
  MatMul: (inputs) => multiply(inputAt(inputs, 0), inputAt(inputs, 1)),
};

function transposeIf(flag: number, x: ArrayValue): ArrayValue {
  return flag === 0 ? x : permute(x, [1, 0]);
}

function scale(x: ArrayValue, factor: number): ArrayValue {
  return { ...x, data: x.data.map((value) => value * factor) };
}

/** The last two axes are matrices, those before them broadcast. */
export function multiply(a: ArrayValue, b: ArrayValue): ArrayValue {
  const [rows = 0, inner = 0] = a.dims.slice(-2);
  const [innerOfB = 0, columns = 0] = b.dims.slice(-2);
  if (inner !== innerOfB || a.dims.length < 2 || b.dims.length < 2) {
    throw operatorFault(`a product of [${a.dims}] and [${b.dims}]`);
  }
  const [outerA, outerB] = [a.dims.slice(0, -2), b.dims.slice(0, -2)];
  const outer = broadcast([{ dims: outerA }, { dims: outerB }]);
  const placesA = stridedIndices(outer, broadcastStrides(outerA, outer.length));
  const placesB = stridedIndices(outer, broadcastStrides(outerB, outer.length));
  const data = new Float64Array(elementCount(outer) * rows * columns);
  placesA.forEach((placeA, matrix) => {
    const startA = placeA * rows * inner;
    const startB = (placesB[matrix] as number) * inner * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          sum += (a.data[startA + row * inner + k] as number) * (b.data[startB + k * columns + column] as number);
        }
        data[(matrix * rows + row) * columns + column] = sum;
      }
    }
  });
  return { type: a.type, dims: [...outer, rows, columns], data };
}
