/** Part of a matrix in 8 bits, in the layout of what was quantised. */
export interface QuantizedStripe {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Rounds each part of `width` numbers of a row to whole multiples of its largest magnitude over `levels`, and what
 * that leaves to multiples of that scale over 2·`levels`: together about 15 bits.
 * @param data [rows, columns], where `width` divides `columns`
 * @returns scales [rows, columns / width]
 */
export function quantizeRows(
  data: Float32Array,
  width: number,
  levels: number,
): QuantizedStripe & { readonly rest: Int8Array } {
  const values = new Int8Array(data.length);
  const rest = new Int8Array(data.length);
  const scales = new Float32Array(data.length / width);
  for (let part = 0; part < scales.length; part++) {
    const [start, end] = [part * width, (part + 1) * width];
    let peak = 0;
    for (let i = start; i < end; i++) peak = Math.max(peak, Math.abs(data[i] as number));
    if (peak === 0) continue;
    scales[part] = peak / levels;
    const inverse = levels / peak;
    for (let i = start; i < end; i++) {
      const x = (data[i] as number) * inverse;
      const whole = rounded(x);
      values[i] = whole;
      rest[i] = rounded((x - whole) * 2 * levels);
    }
  }
  return { values, rest, scales };
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
