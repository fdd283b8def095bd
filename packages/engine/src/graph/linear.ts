import { invariant } from '@skein/core';
import { raw, rawDropout } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { recomputed } from './recompute.ts';

/** alpha · op(a) · op(b) (+ c), where op may transpose. a, b are matrices; c broadcasts to the result. */
export function rawGemm(
  g: GraphBuilder,
  [a, b, c]: readonly [Value, Value, Value?],
  options: { transposeA?: boolean; transposeB?: boolean; alpha?: number } = {},
): Value {
  const rows = a.dims[options.transposeA ? 1 : 0];
  const columns = b.dims[options.transposeB ? 0 : 1];
  invariant(rows !== undefined && columns !== undefined, 'gemm needs matrices');
  return g.apply('Gemm', c ? [a, b, c] : [a, b], {
    dims: [rows, columns],
    attributes: {
      ...(options.transposeA && { transA: 1 }),
      ...(options.transposeB && { transB: 1 }),
      ...(options.alpha !== undefined && { alpha: { float: options.alpha } }),
    },
  });
}

/** Products with a frozen W [out, in], whatever holds its numbers. */
export interface FrozenMatrix {
  /** How many rows W has. */
  readonly out: number;
  /** x·Wᵀ of x [M, in], made once the matrix `after` is there. */
  forward(g: GraphBuilder, x: Value, after?: Value): Value;
  /** dy·W of dy [M, out]; `peak` is the largest element of each row, [M, 1], where no element is negative. */
  backward(g: GraphBuilder, dy: Value, peak?: Value): Value;
}

/** x·Wᵀ + bias, with x [M, in], W [out, in], bias [out]. Differentiable in each of them that asks for it. */
export function linear(g: GraphBuilder, x: Value, weight: Value, bias?: Value): Value {
  const y = rawGemm(g, bias ? [x, weight, bias] : [x, weight], { transposeB: true });
  return g.differentiate(y, bias ? [x, weight, bias] : [x, weight], (dy) => {
    const dx = x.differentiable ? rawGemm(g, [dy, weight]) : undefined;
    const dWeight = weight.differentiable ? rawGemm(g, [dy, x], { transposeA: true }) : undefined;
    if (!bias?.differentiable) return [dx, dWeight];
    const dBias = g.apply('ReduceSum', [dy, g.integers([0])], { dims: bias.dims, attributes: { keepdims: 0 } });
    return [dx, dWeight, dBias];
  });
}

/** The pair of a LoRA linear, of which either may be frozen: A [r, in], B [out, r], applied as scale·B·A (Hu et al. 2021, arXiv:2106.09685). */
export interface LowRank {
  readonly a: Value;
  readonly b: Value;
  readonly scale: number;
  /** Dropout on the adapter's input, as in PEFT. */
  readonly dropout?: { readonly keep: Value; readonly probability: number };
}

/** x·Wᵀ + bias + scale·(dropout(x)·Aᵀ)·Bᵀ with a frozen W [out, in]. */
export function adaptedLinear(
  g: GraphBuilder,
  x: Value,
  frozen: { weight: Value; bias: Value | undefined },
  { a, b, scale, dropout: mask }: LowRank,
): Value {
  const { weight, bias } = frozen;
  const base = rawGemm(g, bias ? [x, weight, bias] : [x, weight], { transposeB: true });
  const dropped = mask ? rawDropout(g, x, mask) : x;
  const hidden = rawGemm(g, [dropped, a], { transposeB: true, alpha: scale });
  // Added, not given to Gemm as its C: the runtime copies that with one thread.
  const y = raw.add(g, base, rawGemm(g, [hidden, b], { transposeB: true }));
  return g.differentiate(y, [x, a, b], (dy) => {
    const dHidden = rawGemm(g, [dy, b], { alpha: scale });
    const dA = rawGemm(g, [dHidden, dropped], { transposeA: true });
    const dB = rawGemm(g, [dy, hidden], { transposeA: true });
    if (!x.differentiable) return [undefined, dA, dB];
    const dDropped = rawGemm(g, [dHidden, a]);
    return [raw.add(g, rawGemm(g, [dy, weight]), mask ? rawDropout(g, dDropped, mask) : dDropped), dA, dB];
  });
}

/** scale·dropout(x)·Aᵀ [M, r]: a LoRA pair without its product with B, where that is made elsewhere. */
export function lowRankInner(g: GraphBuilder, x: Value, { a, scale, dropout: mask }: LowRank): Value {
  const dropped = mask ? rawDropout(g, x, mask) : x;
  const inner = rawGemm(g, [dropped, a], { transposeB: true, alpha: scale });
  return g.differentiate(inner, [x, a], (dy) => {
    const again = recomputed(g, x, dy);
    const input = mask ? rawDropout(g, again, mask) : again;
    const dA = rawGemm(g, [dy, input], { transposeA: true, alpha: scale });
    const dDropped = rawGemm(g, [dy, a], { alpha: scale });
    return [mask ? rawDropout(g, dDropped, mask) : dDropped, dA];
  });
}

/** x / √(mean(x²) + ε) · weight over the last axis (Zhang & Sennrich 2019, arXiv:1910.07467). */
export function rmsNorm(g: GraphBuilder, x: Value, weight: Value, epsilon: number): Value {
  const last = x.dims.length - 1;
  const width = x.dims[last];
  invariant(typeof width === 'number', 'rmsNorm needs a static width');
  const meanSquare = raw.mul(g, raw.reduceSumSquare(g, x, [last]), g.scalar(1 / width));
  const inverse = raw.unary(g, 'Reciprocal', raw.unary(g, 'Sqrt', raw.add(g, meanSquare, g.scalar(epsilon))));
  const normed = raw.mul(g, x, inverse);
  return g.differentiate(raw.mul(g, normed, weight), [x, weight], (dy) => {
    const outer = x.dims.map((_, axis) => axis).slice(0, last);
    const dWeight = weight.differentiable
      ? g.apply('ReduceSum', [raw.mul(g, dy, normed), g.integers(outer)], {
          dims: weight.dims,
          attributes: { keepdims: 0 },
        })
      : undefined;
    if (!x.differentiable) return [undefined, dWeight];
    const scaled = raw.mul(g, dy, weight);
    const mean = raw.mul(g, raw.reduceSum(g, raw.mul(g, scaled, normed), [last]), g.scalar(1 / width));
    const dx = raw.mul(g, raw.sub(g, scaled, raw.mul(g, normed, mean)), inverse);
    return [dx, dWeight];
  });
}
