import { raw } from './elementwise.ts';
import { ABSENT, type GraphBuilder, type Initializer, type Value } from './graph.ts';

/** Frozen linears of one input, kept in few bits for generation. */
export interface StackedMatrix {
  /** x·Wᵀ + bias of x [rows, in] → [rows, Σout], for any number of rows. */
  product(g: GraphBuilder, x: Value): Value;
  /** The same where there are many rows, if other weights are faster for those. */
  productOfMany?(g: GraphBuilder, x: Value): Value;
}

/** Weights that share a scale in 4 bits. */
export const BLOCK = 32;

export interface StackedWeights {
  readonly out: number;
  readonly into: number;
  readonly values: Initializer;
  readonly scales: Initializer;
  /** [out] */
  readonly bias?: Initializer | undefined;
}

/**
 * W in 8 bits: values Wᵀ [in, out] int8, a scale [out] for each output. Activations are quantised while the graph runs:
 * by the operator, with one scale for all rows, so rows are brought to the same peak first.
 */
export function int8Stack({ out, values, scales, bias }: StackedWeights): StackedMatrix {
  return {
    product(g, x) {
      const magnitudes = g.apply('Abs', [x], { dims: x.dims });
      // A row of zeros has no peak of its own; any positive one will do.
      const peak = raw.add(g, raw.reduceMax(g, magnitudes, [1]), g.scalar(1e-30));
      const even = raw.div(g, x, peak);
      const inputs = [even, g.initializer(values), g.initializer(scales)];
      const product = g.apply('DynamicQuantizeMatMul', inputs, { dims: [x.dims[0] ?? 0, out] });
      const scaled = raw.mul(g, product, peak);
      return bias ? raw.add(g, scaled, g.initializer(bias)) : scaled;
    },
  };
}

/**
 * W in 4 bits: values [out, in/32, 16] uint8, two weights a byte around 8, the earlier one low; scales [out·in/32].
 * Activations are rounded to 8 bits in the same blocks.
 */
export function int4Stack({ out, into, values, scales, bias }: StackedWeights): StackedMatrix {
  return {
    product(g, x) {
      const weights = [g.initializer(values), g.initializer(scales)];
      const inputs = bias ? [x, ...weights, ABSENT, ABSENT, g.initializer(bias)] : [x, ...weights];
      return g.apply('MatMulNBits', inputs, {
        dims: [x.dims[0] ?? 0, out],
        attributes: { K: into, N: out, bits: 4, block_size: BLOCK, accuracy_level: 4 },
      });
    },
  };
}
