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
/** Largest number where there are no signs. */
const UNSIGNED_LEVELS = 255;

interface QuantizeOptions {
  /** Whether there are second values. */
  readonly fine: boolean;
  /** [M, 1], the largest element of each row, where it is known and no element is negative. */
  readonly peak?: Value | undefined;
}

/** Quantises each row by its own largest magnitude. The same value is quantised once in a graph. */
export function quantizedRows(g: GraphBuilder, x: Value, { fine, peak }: QuantizeOptions): QuantizedRows {
  return g.shared(`quantized:${x.name}:${fine}`, () => {
    const zeroPoint = peak ? 0 : ZERO_POINT;
    const signedLevels = fine ? LEVELS - FINENESS / 2 : LEVELS;
    // A row of zeros has no scale of its own; any positive one will do.
    const share = raw.mul(g, peak ?? magnitudes(g, x), g.scalar(1 / (peak ? UNSIGNED_LEVELS : signedLevels)));
    const scale = raw.add(g, share, g.scalar(1e-30));
    const values = rounded(g, x, { scale, zeroPoint });
    return { values, second: fine ? refined(g, x, { values, scale }) : undefined, scale, zeroPoint };
  });
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
