/** Part of a matrix in 8 bits, in the layout of what was quantised. */
export interface QuantizedStripe {
  readonly values: Int8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Rounds each row of a stripe [rows, columns] to whole multiples of its largest magnitude over `levels`. @returns scales [rows] */
export function quantizeRows(data: Float32Array, columns: number, levels: number): QuantizedStripe {
  const values = new Int8Array(data.length);
  const scales = new Float32Array(data.length / columns);
  for (let row = 0; row < scales.length; row++) {
    const [start, end] = [row * columns, (row + 1) * columns];
    let peak = 0;
    for (let i = start; i < end; i++) peak = Math.max(peak, Math.abs(data[i] as number));
    if (peak === 0) continue;
    scales[row] = peak / levels;
    const inverse = levels / peak;
    for (let i = start; i < end; i++) values[i] = rounded((data[i] as number) * inverse);
  }
  return { values, scales };
}

/** The values of a stripe's rows, plus what they leave in multiples of scale / `fineness`. */
export function refineRows(
  data: Float32Array,
  { values, scales }: QuantizedStripe,
  fineness: number,
): Int8Array<ArrayBuffer> {
  const columns = data.length / scales.length;
  return values.map((whole, i) => {
    const scale = scales[Math.floor(i / columns)] as number;
    return scale === 0 ? 0 : whole + rounded(((data[i] as number) / scale - whole) * fineness);
  });
}

/** Rounds each column of a stripe [rows, columns] by its own largest magnitude. @returns scales [columns] */
export function quantizeColumns(data: Float32Array, columns: number, levels: number): QuantizedStripe {
  const values = new Int8Array(data.length);
  const scales = new Float32Array(columns);
  const inverses = new Float32Array(columns);
  for (let start = 0; start < data.length; start += columns) {
    for (let k = 0; k < columns; k++) scales[k] = Math.max(scales[k] as number, Math.abs(data[start + k] as number));
  }
  scales.forEach((peak, k) => {
    inverses[k] = peak === 0 ? 0 : levels / peak;
    scales[k] = peak / levels;
  });
  for (let start = 0; start < data.length; start += columns) {
    for (let k = 0; k < columns; k++)
      values[start + k] = rounded((data[start + k] as number) * (inverses[k] as number));
  }
  return { values, scales };
}

/** Columns of data [rows, columns], which become zeros there. @returns [taken, rows] */
export function takeColumns(data: Float32Array, columns: number, taken: readonly number[]): Float32Array<ArrayBuffer> {
  const rows = data.length / columns;
  const result = new Float32Array(taken.length * rows);
  taken.forEach((column, index) => {
    for (let row = 0; row < rows; row++) {
      result[index * rows + row] = data[row * columns + column] as number;
      data[row * columns + column] = 0;
    }
  });
  return result;
}

/** To the nearest whole number, halves away from zero. */
function rounded(x: number): number {
  return x < 0 ? (x - 0.5) | 0 : (x + 0.5) | 0;
}

/** Places transposed in squares that fit the cache. */
const SQUARE = 64;

interface Placement {
  /** Where the stripe's first row begins in a column of the target. */
  readonly first: number;
  readonly columns: number;
  /** How far apart columns lie in the target. */
  readonly stride: number;
}

/** Writes a stripe [rows, columns] transposed: element (row, column) goes to `column · stride + first + row`. */
export function transposeInto<T extends Int8Array | Float32Array>(
  target: T,
  stripe: T,
  { first, columns, stride }: Placement,
): void {
  const rows = stripe.length / columns;
  for (let n = 0; n < rows; n += SQUARE) {
    for (let k = 0; k < columns; k += SQUARE) {
      const lastRow = Math.min(rows, n + SQUARE);
      const lastColumn = Math.min(columns, k + SQUARE);
      for (let column = k; column < lastColumn; column++) {
        const at = column * stride + first;
        for (let row = n; row < lastRow; row++) target[at + row] = stripe[row * columns + column] as number;
      }
    }
  }
}
