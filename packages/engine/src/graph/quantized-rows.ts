import { raw } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';

/** A matrix [M, K] as whole numbers of 8 bits, by rows: x ≈ scale · (values − zero point). */
export interface QuantizedRows {
  /** [M, K] uint8 */
  readonly values: Value;
  /** [M, K] uint8: the values plus what they leave in multiples of scale / FINENESS. */
  readonly second: Value | undefined;
  /** [M, 1] */
  readonly scale: Value;
  readonly zeroPoint: number;
}

/** What rounding leaves of a number is rounded to so many parts of a step, where one product is not close enough. */
export const FINENESS = 12;

/** Largest magnitude of a number with a sign, and what stands for zero. */
const LEVELS = 127;
const ZERO_POINT = 128;
/** Largest number where there are no signs, less what is added before rounding. */
const UNSIGNED_LEVELS = 254;

/** Quantises each row by its own largest magnitude. The same value is quantised once in a graph. */
export function quantizedRows(g: GraphBuilder, x: Value, { fine }: { readonly fine: boolean }): QuantizedRows {
  return g.shared(`quantized:${x.name}:${fine}`, () => {
    const scale = positive(g, raw.mul(g, magnitudes(g, x), g.scalar(1 / (fine ? LEVELS - FINENESS / 2 : LEVELS))));
    const values = rounded(g, x, { scale, zeroPoint: ZERO_POINT });
    return { values, second: fine ? refined(g, x, { values, scale }) : undefined, scale, zeroPoint: ZERO_POINT };
  });
}

/**
 * Quantises rows without negative elements, of which most may be far below the largest, by adding noise of up to half
 * a step before rounding (Schuchman 1964): what is less than half a step is a whole one as often as it should be.
 * Rounded to zero, all those together would be missing.
 * @param peak [M, 1], the largest element of each row
 */
export function ditheredRows(g: GraphBuilder, x: Value, peak: Value): QuantizedRows {
  const [rows, columns] = x.dims.map(Number) as [number, number];
  const scale = positive(g, raw.mul(g, peak, g.scalar(1 / UNSIGNED_LEVELS)));
  const steps = raw.mul(g, x, raw.unary(g, 'Reciprocal', scale));
  const period = greatestDivisor(rows, NOISE_ROWS);
  const noise = g.constant(`noise:${period}:${columns}`, [period, columns], () => noiseOf(period, columns));
  const noisy = raw.add(g, rawLayout.reshape(g, steps, [rows / period, period, columns]), noise);
  const values = g.apply(
    'QuantizeLinear',
    [rawLayout.reshape(g, noisy, [rows, columns]), g.scalar(1), g.bytes(0, [])],
    {
      dims: x.dims,
      type: 'uint8',
    },
  );
  return { values, second: undefined, scale, zeroPoint: 0 };
}

/** Rows after which the noise begins again. */
const NOISE_ROWS = 16;

function greatestDivisor(n: number, most: number): number {
  for (let divisor = most; divisor > 1; divisor--) if (n % divisor === 0) return divisor;
  return 1;
}

/** Evenly spread over [−½, ½) along rows, columns and both (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences"). */
function noiseOf(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const place = 0.7548776662466927 * Math.floor(i / columns) + 0.5698402909980532 * (i % columns);
    return place - Math.floor(place) - 0.5;
  });
}

/** A row of zeros has no scale of its own; any positive one will do. */
function positive(g: GraphBuilder, scale: Value): Value {
  return raw.add(g, scale, g.scalar(1e-30));
}

/** [M, 1], the largest magnitude of each row. */
function magnitudes(g: GraphBuilder, x: Value): Value {
  const [largest, least] = [raw.reduceMax(g, x, [1]), raw.reduceMin(g, x, [1])];
  return g.apply('Max', [largest, raw.unary(g, 'Neg', least)], { dims: largest.dims });
}

function rounded(g: GraphBuilder, x: Value, { scale, zeroPoint }: { scale: Value; zeroPoint: number }): Value {
  const rows = x.dims[0] as number;
  return g.apply('QuantizeLinear', [x, rawLayout.reshape(g, scale, [rows]), g.bytes(zeroPoint, [rows])], {
    dims: x.dims,
    type: 'uint8',
    attributes: { axis: 0 },
  });
}

/** With x = scale·(q + r / FINENESS): q + r, rounded. */
function refined(g: GraphBuilder, x: Value, { values, scale }: { values: Value; scale: Value }): Value {
  const rows = x.dims[0] as number;
  const most = rawLayout.reshape(g, raw.mul(g, scale, g.scalar(1 - 1 / FINENESS)), [rows]);
  const inputs = [values, most, g.bytes(ZERO_POINT, [rows])];
  const whole = g.apply('DequantizeLinear', inputs, { dims: x.dims, attributes: { axis: 0 } });
  const step = raw.mul(g, scale, g.scalar(1 / FINENESS));
  return rounded(g, raw.sub(g, x, whole), { scale: step, zeroPoint: ZERO_POINT });
}
