import { invariant } from '@skein/core';
import type { Dim, GraphBuilder, Value } from './graph.ts';

/** Shape of an element-wise result under NumPy's broadcasting rule. */
export function broadcastDims(a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    invariant(x === y || x === 1 || y === 1, `shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** Element-wise operators without a derivative, for use inside derivative rules and on constants. */
export const raw = {
  add: (g: GraphBuilder, a: Value, b: Value): Value => g.apply('Add', [a, b], { dims: broadcastDims(a.dims, b.dims) }),
  sub: (g: GraphBuilder, a: Value, b: Value): Value => g.apply('Sub', [a, b], { dims: broadcastDims(a.dims, b.dims) }),
  mul: (g: GraphBuilder, a: Value, b: Value): Value => g.apply('Mul', [a, b], { dims: broadcastDims(a.dims, b.dims) }),
  div: (g: GraphBuilder, a: Value, b: Value): Value => g.apply('Div', [a, b], { dims: broadcastDims(a.dims, b.dims) }),
  unary: (g: GraphBuilder, operator: 'Exp' | 'Log' | 'Neg' | 'Reciprocal' | 'Sigmoid' | 'Sqrt', a: Value): Value =>
    g.apply(operator, [a], { dims: a.dims }),
  /** Sum over `axes`, which stay as extents of 1. */
  reduceSum: (g: GraphBuilder, a: Value, axes: readonly number[]): Value => reduce(g, 'ReduceSum', a, axes),
  reduceMax: (g: GraphBuilder, a: Value, axes: readonly number[]): Value => reduce(g, 'ReduceMax', a, axes),
  reduceMin: (g: GraphBuilder, a: Value, axes: readonly number[]): Value => reduce(g, 'ReduceMin', a, axes),
  reduceSumSquare: (g: GraphBuilder, a: Value, axes: readonly number[]): Value => reduce(g, 'ReduceSumSquare', a, axes),
};

function reduce(g: GraphBuilder, operator: string, a: Value, axes: readonly number[]): Value {
  const dims = a.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return g.apply(operator, [a, g.integers(axes)], { dims, attributes: { keepdims: 1 } });
}

/** a + b for equal shapes. */
export function add(g: GraphBuilder, a: Value, b: Value): Value {
  invariant(a.dims.join() === b.dims.join(), `add of [${a.dims}] and [${b.dims}]`);
  return g.differentiate(raw.add(g, a, b), [a, b], (dy) => [dy, dy]);
}

/** SiLU(gate) · up, the activation of LLaMA-style feed-forward blocks (Shazeer 2020, arXiv:2002.05202). */
export function swiGlu(g: GraphBuilder, gate: Value, up: Value): Value {
  const sigmoid = raw.unary(g, 'Sigmoid', gate);
  const silu = raw.mul(g, gate, sigmoid);
  return g.differentiate(raw.mul(g, silu, up), [gate, up], (dy) => {
    // silu' = σ + gate·σ·(1−σ) = σ·(1 + gate − silu)
    const slope = raw.mul(g, sigmoid, raw.add(g, raw.sub(g, gate, silu), g.scalar(1)));
    return [raw.mul(g, raw.mul(g, dy, up), slope), raw.mul(g, dy, silu)];
  });
}

/**
 * Keeps elements where `keep` is true, scaled by 1/(1−probability), and drops the rest (Srivastava et al. 2014).
 * Its own derivative: apply it to the gradient with the same mask.
 */
export function rawDropout(g: GraphBuilder, x: Value, mask: { keep: Value; probability: number }): Value {
  const scaled = raw.mul(g, x, g.scalar(1 / (1 - mask.probability)));
  return g.apply('Where', [mask.keep, scaled, g.scalar(0)], { dims: x.dims });
}
