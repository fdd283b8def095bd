import type { ExternalBytes, GraphBuilder } from './graph.ts';
import { type FrozenMatrix, rawGemm } from './linear.ts';
import { BLOCK } from './stacked-matrix.ts';

/** A frozen W [out, in] in 4 bits, in blocks of 32 along `in` that share a scale; 32 divides `in`. */
export interface Int4Weight {
  readonly name: string;
  readonly dims: readonly [out: number, into: number];
  /** [out, in/2] uint8: two weights a byte around 8, the earlier one low. */
  readonly values: Uint8Array | ExternalBytes;
  /** [out · in/32] */
  readonly scales: Float32Array | ExternalBytes;
}

/**
 * Products with a matrix in 4 bits; activations and sums stay floats. The way back is the exact derivative of the way
 * there: it multiplies by the same numbers, made floats while the graph runs. Two operators that a GPU has read them in
 * two types, so it holds them twice (9 bits a weight).
 */
export function int4Matrix({ name, dims: [out, into], values, scales }: Int4Weight): FrozenMatrix {
  const blocks = into / BLOCK;
  const parts = (g: GraphBuilder, side: string, [type, valueDims]: ['uint8' | 'uint4', number[]]) => [
    g.initializer({ name: `${name}.${side}.values`, dims: valueDims, type, source: values }),
    g.initializer({ name: `${name}.${side}.scales`, dims: [out, blocks], type: 'float32', source: scales }),
  ];
  return {
    out,
    forward(g, x) {
      const weights = parts(g, 'forward', ['uint8', [out, blocks, BLOCK / 2]]);
      return g.apply('MatMulNBits', [x, ...weights], {
        dims: [x.dims[0] ?? 0, out],
        // Level 1: products of floats.
        attributes: { K: into, N: out, bits: 4, block_size: BLOCK, accuracy_level: 1 },
      });
    },
    backward(g, dy) {
      const weights = parts(g, 'backward', ['uint4', [out, into]]);
      const floats = g.apply('DequantizeLinear', [...weights, g.nibbles(8, [out, blocks])], {
        dims: [out, into],
        attributes: { axis: 1, block_size: BLOCK },
      });
      return rawGemm(g, [dy, floats]);
    },
  };
}
