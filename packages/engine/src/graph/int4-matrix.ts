import type { ExternalBytes, GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';
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
 * there: it multiplies by the same numbers, made floats while the graph runs.
 * @param options.inOneType whether both ways read the same array, so that a device, which copies each, has it once; on
 *   the CPU, where arrays are mapped, reading them in a type of its own takes half the time on the way back
 */
export function int4Matrix(
  { name, dims: [out, into], values, scales }: Int4Weight,
  { inOneType }: { readonly inOneType: boolean },
): FrozenMatrix {
  const blocks = into / BLOCK;
  const weights = (g: GraphBuilder, side: string, [type, valueDims]: ['uint8' | 'uint4', number[]]) =>
    g.shared(`${name}.${side}`, (key) => [
      g.initializer({ name: `${key}.values`, dims: valueDims, type, source: values }),
      g.initializer({ name: `${key}.scales`, dims: [out, blocks], type: 'float32', source: scales }),
    ]) as readonly [Value, Value];
  const inBytes = (g: GraphBuilder) => weights(g, 'bytes', ['uint8', [out, blocks, BLOCK / 2]]);
  return {
    out,
    forward(g, x) {
      return g.apply('MatMulNBits', [x, ...inBytes(g)], {
        dims: [x.dims[0] ?? 0, out],
        // Level 1: products of floats.
        attributes: { K: into, N: out, bits: 4, block_size: BLOCK, accuracy_level: 1 },
      });
    },
    backward(g, dy) {
      if (inOneType) return rawGemm(g, [dy, floatsOfBytes(g, inBytes(g), [out, into])]);
      const nibbles = weights(g, 'nibbles', ['uint4', [out, into]]);
      const floats = g.apply('DequantizeLinear', [...nibbles, g.nibbles(8, [out, blocks])], {
        dims: [out, into],
        attributes: { axis: 1, block_size: BLOCK },
      });
      return rawGemm(g, [dy, floats]);
    },
  };
}

/** All rows, gathered: the one operator that makes floats of what `MatMulNBits` reads. */
function floatsOfBytes(
  g: GraphBuilder,
  [values, scales]: readonly [Value, Value],
  [out, into]: readonly [number, number],
): Value {
  const blocks = into / BLOCK;
  const perBlock = rawLayout.reshape(g, scales, [out, blocks, 1]);
  const floats = g.apply('GatherBlockQuantized', [values, g.countTo(out), perBlock], {
    dims: [out, blocks, BLOCK],
    attributes: { bits: 4, block_size: BLOCK, gather_axis: 0, quantize_axis: 2 },
  });
  return rawLayout.reshape(g, floats, [out, into]);
}
