import { combine } from '../elementwise.ts';
import { inputAt, type Operator, operatorFault } from '../operator.ts';

/**
 * MatMulIntegerToFloat as processors without VNNI compute it: VPMADDUBSW multiplies unsigned by signed bytes and adds
 * neighbours in 16 bits that saturate; the zero point is taken off by the columns' sums.
 * @param limit largest magnitude of a pair's sum
 */
export function saturatingProducts(limit = 32_767): Readonly<Record<string, Operator>> {
  return {
    MatMulIntegerToFloat(inputs) {
      const [a, b, scaleA, scaleB, zero] = [0, 1, 2, 3, 4].map((index) => inputAt(inputs, index));
      const [rows, inner] = a!.dims as [number, number];
      const columns = b!.dims[1] as number;
      if (a!.type !== 'uint8' || b!.type !== 'int8') throw operatorFault(`a product of ${a!.type} and ${b!.type}`);
      const data = new Float64Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let [sum, ofColumn] = [0, 0];
          const term = (k: number) => (k < inner ? a!.data[row * inner + k]! * b!.data[k * columns + column]! : 0);
          for (let k = 0; k < inner; k += 2) sum += Math.max(-limit - 1, Math.min(limit, term(k) + term(k + 1)));
          for (let k = 0; k < inner; k++) ofColumn += b!.data[k * columns + column]!;
          data[row * columns + column] = sum - zero!.data[0]! * ofColumn;
        }
      }
      const whole = { type: 'float32' as const, dims: [rows, columns], data };
      return combine([combine([whole, scaleA!], times), scaleB!], times);
    },
  };
}

const times = (x: number, y: number): number => x * y;
