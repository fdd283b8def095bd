import { invariant } from '@skein/core';
import { raw } from './elementwise.ts';
import type { ExternalBytes, GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';
import type { FrozenMatrix } from './linear.ts';
import { ditheredRows, FINENESS, type QuantizedRows, quantizedRows } from './quantized-rows.ts';
import { oneAfter } from './recompute.ts';

/** Whole numbers that stand for a matrix [rows, columns]. */
export interface Int8Factor {
  /** [rows, columns], in multiples of the scale. */
  readonly values: Int8Array | ExternalBytes;
  /** [rows, columns], the values plus what they leave in multiples of scale / FINENESS; absent where 8 bits do. */
  readonly second?: Int8Array | ExternalBytes | undefined;
  /** [columns] */
  readonly scales: Float32Array;
}

/** A frozen W [out, in] in 8 bits, once for each product, so that scales belong to the sums. */
export interface Int8Weight {
  readonly name: string;
  readonly dims: readonly [out: number, into: number];
  /** Wᵀ [in, out], for x·Wᵀ. */
  readonly forward: Int8Factor;
  /** W [out, in], for dy·W. */
  readonly backward: Int8Factor;
}

/** Sums of so many products, 255 · 127 each, stay below 2^31. */
const MOST_ROWS = 65_536;

/** Whether both products of a matrix are exact in 32 bits. */
export function isQuantizable([out, into]: readonly [out: number, into: number]): boolean {
  return into <= MOST_ROWS && out <= MOST_ROWS;
}

/**
 * Products with a matrix in 8 bits. Activations are quantised while the graph runs, each row by its own largest
 * magnitude; products are summed exactly in 32 bits.
 *
 * A factor with second values makes x·W from two products: with x = s·(q + r/n) and W = t·(p + u/n), it is nearly
 * s·t·((1 − 1/n)·q·p + (1/n)·(q + r)·(p + u)); docs/decisions/0007-int8-training.md says why.
 */
export function int8Matrix({ name, dims: [out, into], forward, backward }: Int8Weight): FrozenMatrix {
  const ahead = { ...forward, name: `${name}.forward`, rows: into };
  const back = { ...backward, name: `${name}.backward`, rows: out };
  return {
    out,
    forward: (g, x, after) => product(g, quantizedRows(g, x, { fine: forward.second !== undefined }), ahead, after),
    backward: (g, dy, peak) =>
      product(g, peak ? ditheredRows(g, dy, peak) : quantizedRows(g, dy, { fine: false }), back),
  };
}

interface NamedFactor extends Int8Factor {
  readonly name: string;
  readonly rows: number;
}

function product(
  g: GraphBuilder,
  ...[{ values, second, scale, zeroPoint }, factor, after]: [x: QuantizedRows, factor: NamedFactor, after?: Value]
): Value {
  const unit = after ? rawLayout.reshape(g, oneAfter(g, after), []) : g.scalar(1);
  const columns = factor.scales.length;
  const times = (whole: Value, kind: 'values' | 'second', share: number) => {
    const scales = g.constant(`${factor.name}.scales.${share}`, [columns], () => factor.scales.map((t) => t * share));
    const inputs = [whole, integers(g, factor, kind), unit, scales, g.bytes(zeroPoint, [])];
    return g.apply('MatMulIntegerToFloat', inputs, { dims: [whole.dims[0] as number, columns] });
  };
  if (!second) return raw.mul(g, times(values, 'values', 1), scale);
  const sum = raw.add(g, times(values, 'values', 1 - 1 / FINENESS), times(second, 'second', 1 / FINENESS));
  return raw.mul(g, sum, scale);
}

function integers(g: GraphBuilder, factor: NamedFactor, kind: 'values' | 'second'): Value {
  const source = factor[kind];
  invariant(source, `${factor.name} has no ${kind}`);
  const dims = [factor.rows, factor.scales.length];
  return g.shared(`${factor.name}.${kind}`, (name) => g.initializer({ name, dims, type: 'int8', source }));
}
