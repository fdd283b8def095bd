import { raw, rawDropout } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';
import { type FrozenMatrix, type LowRank, rawGemm } from './linear.ts';
import { recomputed } from './recompute.ts';

export interface QuantizedLinear {
  readonly matrix: FrozenMatrix;
  readonly bias: Value | undefined;
}

/** x·Wᵀ + bias, with products of the frozen W that `matrix` makes. */
export function quantizedLinear(g: GraphBuilder, x: Value, { matrix, bias }: QuantizedLinear): Value {
  const product = matrix.forward(g, x);
  const y = bias ? raw.add(g, product, bias) : product;
  return g.differentiate(y, [x], (dy) => [matrix.backward(g, dy)]);
}

/** x·Wᵀ + bias + scale·(dropout(x)·Aᵀ)·Bᵀ; as `adaptedLinear`, with products of W that `matrix` makes. */
export function adaptedQuantizedLinear(
  g: GraphBuilder,
  x: Value,
  { matrix, bias }: QuantizedLinear,
  { a, b, scale, dropout: mask }: LowRank,
): Value {
  const product = matrix.forward(g, x);
  const base = bias ? raw.add(g, product, bias) : product;
  const dropped = mask ? rawDropout(g, x, mask) : x;
  const hidden = rawGemm(g, [dropped, a], { transposeB: true, alpha: scale });
  const y = raw.add(g, base, rawGemm(g, [hidden, b], { transposeB: true }));
  return g.differentiate(y, [x, a, b], (dy) => {
    const dHidden = rawGemm(g, [dy, b], { alpha: scale });
    const again = recomputed(g, x, dy);
    const input = mask ? rawDropout(g, again, mask) : again;
    const dA = rawGemm(g, [dHidden, input], { transposeA: true });
    // The small factor is turned, not the large one.
    const dB = rawLayout.transpose(g, rawGemm(g, [hidden, dy], { transposeA: true }), [1, 0]);
    if (!x.differentiable) return [undefined, dA, dB];
    const dDropped = rawGemm(g, [dHidden, a]);
    return [raw.add(g, matrix.backward(g, dy), mask ? rawDropout(g, dDropped, mask) : dDropped), dA, dB];
  });
}
