import { invariant } from '@skein/core';
import { raw } from './elementwise.ts';
import type { ExternalBytes, GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';
import type { FrozenMatrix } from './linear.ts';

/** Whole numbers that stand for a matrix [rows, columns], whose rows are cut into parts that share scales. */
export interface Int8Factor {
  /** [rows, columns], in multiples of the scale. */
  readonly values: Int8Array | ExternalBytes;
  /** [rows, columns], what that leaves, in multiples of scale / (2·levels); absent where 8 bits are enough. */
  readonly rest?: Int8Array | ExternalBytes | undefined;
  /** [parts, columns] */
  readonly scales: Float32Array;
}

/** A frozen W [out, in] in 8 bits, once for each product, so that scales follow the numbers that are summed. */
export interface Int8Weight {
  readonly name: string;
  readonly dims: readonly [out: number, into: number];
  /** Largest magnitude of its whole numbers. */
  readonly levels: number;
  /** Wᵀ [in, out], for x·Wᵀ. */
  readonly forward: Int8Factor;
  /** W [out, in], for dy·W. */
  readonly backward: Int8Factor;
}

/** Largest magnitude of a quantised activation. */
const LEVELS = 127;
const ZERO_POINT = 128;

/** Sums of so many products, 255 · 127 each, stay below 2^31. */
const MOST_ROWS = 65_536;

/** So many rows at once are multiplied fastest; fewer do not pay for their pass over the result. */
const USUAL_ROWS = 608;
const MOST_PARTS = 32;

/** Whether both products of a matrix are exact in 32 bits. */
export function isQuantizable([out, into]: readonly [out: number, into: number]): boolean {
  return partWidth(into) <= MOST_ROWS && partWidth(out) <= MOST_ROWS;
}

/**
 * How many rows of a factor share scales. Narrow parts follow the numbers more closely, but each costs a pass over the
 * product.
 * @returns a divisor of `rows`
 */
export function partWidth(rows: number): number {
  if (rows <= 2 * USUAL_ROWS) return rows;
  const usual = Math.max(USUAL_ROWS, rows / MOST_PARTS);
  let best = rows;
  for (let width = Math.ceil(usual / 2); width <= 2 * usual; width++) {
    if (rows % width === 0 && Math.abs(width - usual) < Math.abs(best - usual)) best = width;
  }
  return best;
}

/**
 * Products with a matrix in 8 bits. Activations are quantised while the graph runs, each part of a row by its own
 * largest magnitude; products are summed exactly in 32 bits.
 *
 * A fine factor makes x·W of about 15 bits from products of 8: with x = s·(q + r/254) and W = t·(p + u/254), it is
 * nearly s·t·(q·p + (r·p + q·u)/254).
 */
export function int8Matrix({ name, dims: [out, into], levels, forward, backward }: Int8Weight): FrozenMatrix {
  return {
    forward: (g, x) => product(g, x, { ...forward, name: `${name}.forward`, columns: out, levels }),
    backward: (g, dy, nonNegative = false) =>
      product(g, dy, { ...backward, name: `${name}.backward`, columns: into, levels, nonNegative }),
  };
}

interface NamedFactor extends Int8Factor {
  readonly name: string;
  readonly columns: number;
  readonly levels: number;
  /** Of what it is multiplied with. */
  readonly nonNegative?: boolean;
}

function product(g: GraphBuilder, x: Value, factor: NamedFactor): Value {
  const width = partWidth(Number(x.dims[1]));
  const { rest, levels, nonNegative = false } = factor;
  const sums = quantizedParts(g, x, { width, restLevels: rest && 2 * levels, nonNegative }).map((own, part) => {
    const at = { part, width };
    const coarse = multiply(g, own.values, slicedFactor(g, factor, { ...at, kind: 'values' }));
    if (!own.rest || !rest) return raw.mul(g, coarse, own.scale);
    const first = multiply(g, own.rest, slicedFactor(g, factor, { ...at, kind: 'values', divisor: 2 * levels }));
    const second = multiply(g, own.values, slicedFactor(g, factor, { ...at, kind: 'rest', divisor: 2 * levels }));
    return raw.mul(g, raw.add(g, coarse, raw.add(g, first, second)), own.scale);
  });
  return sums.reduce((sum, part) => raw.add(g, sum, part));
}

function multiply(g: GraphBuilder, values: Value, [integers, scales]: readonly [Value, Value]): Value {
  const dims = [values.dims[0] as number, integers.dims[1] as number];
  return g.apply('MatMulIntegerToFloat', [values, integers, g.scalar(1), scales, g.bytes(ZERO_POINT, [])], { dims });
}

interface FactorPart {
  readonly part: number;
  readonly width: number;
  readonly kind: 'values' | 'rest';
  /** Of the scales. */
  readonly divisor?: number;
}

function slicedFactor(
  g: GraphBuilder,
  factor: NamedFactor,
  { part, width, kind, divisor = 1 }: FactorPart,
): readonly [Value, Value] {
  const { name, columns, scales } = factor;
  const source = factor[kind];
  invariant(source, `${name} has no ${kind}`);
  const integers = once(g, `${name}.${kind}.${part}`, () =>
    g.initializer({
      name: `${name}.${kind}.${part}`,
      dims: [width, columns],
      type: 'int8',
      source: stretch(source, part * width * columns, width * columns),
    }),
  );
  const key = `${name}.scales.${part}.${divisor}`;
  const own = scales.subarray(part * columns, (part + 1) * columns);
  return [integers, g.constant(key, [columns], () => own.map((scale) => scale / divisor))];
}

interface QuantizedPart {
  /** [rows, width] uint8: x ≈ scale · (values − 128). */
  readonly values: Value;
  /** [rows, width] uint8: what that leaves in multiples of scale / restLevels. */
  readonly rest: Value | undefined;
  /** [rows, 1] */
  readonly scale: Value;
}

interface QuantizeOptions {
  readonly width: number;
  readonly restLevels: number | undefined;
  readonly nonNegative: boolean;
}

/** x [M, K] in parts of `width` columns. The same value is quantised once in a graph. */
function quantizedParts(
  g: GraphBuilder,
  x: Value,
  { width, restLevels, nonNegative }: QuantizeOptions,
): readonly QuantizedPart[] {
  return once(g, `quantized:${x.name}:${width}:${restLevels}`, () => {
    const [M, K] = x.dims.map(Number) as [number, number];
    const count = K / width;
    const flat = count === 1 ? x : rawLayout.reshape(g, x, [M * count, width]);
    const magnitudes = nonNegative ? flat : g.apply('Abs', [flat], { dims: flat.dims });
    const peak = raw.reduceMax(g, magnitudes, [1]);
    // A row of zeros has no scale of its own; any positive one will do.
    const scale = raw.add(g, raw.mul(g, peak, g.scalar(1 / LEVELS)), g.scalar(1e-30));
    const values = rounded(g, flat, scale);
    const rest = restLevels === undefined ? undefined : remainder(g, flat, { values, scale, restLevels });
    const wide = (v: Value) => rawLayout.reshape(g, v, [M, K]);
    const part = (v: Value, [start, end]: readonly [number, number]) =>
      count === 1 ? v : rawLayout.slice(g, v, { axis: 1, start, end });
    const [allValues, allRest] = [wide(values), rest && wide(rest)];
    const scales = rawLayout.reshape(g, scale, [M, count]);
    return Array.from({ length: count }, (_, index) => {
      const range = [index * width, (index + 1) * width] as const;
      const scaleRange = [index, index + 1] as const;
      return { values: part(allValues, range), rest: allRest && part(allRest, range), scale: part(scales, scaleRange) };
    });
  });
}

/** x [R, width] over scale [R, 1], as uint8 around the zero point. */
function rounded(g: GraphBuilder, x: Value, scale: Value): Value {
  const rows = x.dims[0] as number;
  return g.apply('QuantizeLinear', [x, rawLayout.reshape(g, scale, [rows]), g.bytes(ZERO_POINT, [rows])], {
    dims: x.dims,
    type: 'uint8',
    attributes: { axis: 0 },
  });
}

/** What rounding left of x, itself rounded to multiples of scale / restLevels. */
function remainder(
  g: GraphBuilder,
  x: Value,
  { values, scale, restLevels }: { values: Value; scale: Value; restLevels: number },
): Value {
  const rows = x.dims[0] as number;
  const inputs = [values, rawLayout.reshape(g, scale, [rows]), g.bytes(ZERO_POINT, [rows])];
  const whole = g.apply('DequantizeLinear', inputs, { dims: x.dims, attributes: { axis: 0 } });
  return rounded(g, raw.sub(g, x, whole), raw.mul(g, scale, g.scalar(1 / restLevels)));
}

function stretch(source: Int8Array | ExternalBytes, offset: number, length: number): Int8Array | ExternalBytes {
  if (ArrayBuffer.isView(source)) return source.subarray(offset, offset + length);
  invariant(offset + length <= source.length, 'a part of a matrix outside its bytes');
  return { file: source.file, offset: source.offset + offset, length };
}

const shared = new WeakMap<GraphBuilder, Map<string, unknown>>();

/** What a graph needs only once, by name. */
function once<T>(g: GraphBuilder, key: string, make: () => T): T {
  const known = shared.get(g) ?? new Map<string, unknown>();
  shared.set(g, known);
  if (!known.has(key)) known.set(key, make());
  return known.get(key) as T;
}
