import { invariant } from '@skein/core';
import { raw } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { oneAfter, recomputable } from './recompute.ts';

/** `swiGlu`, of which only gate and up are kept for the reverse pass: passes over them instead of arrays. */
export function compactSwiGlu(g: GraphBuilder, gate: Value, up: Value): Value {
  const forward = raw.mul(g, raw.mul(g, gate, raw.unary(g, 'Sigmoid', gate)), up);
  let made: SwiGluAgain | undefined;
  const makeAgain = (after: Value) => {
    made ??= swiGluAgain(g, { gate, up }, oneAfter(g, after));
    return made;
  };
  recomputable(g, forward, (after) => makeAgain(after).active);
  return g.differentiate(forward, [gate, up], (dy) => {
    const { slope, silu } = makeAgain(dy);
    return [raw.mul(g, dy, slope), raw.mul(g, dy, silu)];
  });
}

interface SwiGluAgain {
  readonly active: Value;
  /** Derivative by up. */
  readonly silu: Value;
  /** Derivative by gate. */
  readonly slope: Value;
}

/** SiLU(gate) · up made again, and its derivatives, once the number 1 of `oneAfter` is there. */
export function swiGluAgain(g: GraphBuilder, { gate, up }: { gate: Value; up: Value }, one: Value): SwiGluAgain {
  const same = raw.mul(g, gate, one);
  const sigmoid = raw.unary(g, 'Sigmoid', same);
  const silu = raw.mul(g, same, sigmoid);
  const active = raw.mul(g, silu, up);
  // silu' = σ + silu·(1 − σ), so up·silu' = σ·(up − active) + active.
  return { active, silu, slope: raw.add(g, raw.mul(g, sigmoid, raw.sub(g, up, active)), active) };
}

/** `rmsNorm` of a matrix with frozen weights, whose result is made again from x / rms(x) where it is needed again. */
export function compactRmsNorm(g: GraphBuilder, x: Value, weight: Value, epsilon: number): Value {
  const width = x.dims[1];
  invariant(typeof width === 'number' && !weight.differentiable, 'compactRmsNorm is for frozen weights');
  const meanSquare = raw.mul(g, raw.reduceSumSquare(g, x, [1]), g.scalar(1 / width));
  const inverse = raw.unary(g, 'Reciprocal', raw.unary(g, 'Sqrt', raw.add(g, meanSquare, g.scalar(epsilon))));
  const normed = raw.mul(g, x, inverse);
  const forward = raw.mul(g, normed, weight);
  recomputable(g, forward, (after) => raw.mul(g, normed, raw.mul(g, weight, oneAfter(g, after))));
  return g.differentiate(forward, [x], (dy) => {
    const scaled = raw.mul(g, dy, weight);
    const mean = raw.mul(g, raw.reduceSum(g, raw.mul(g, scaled, normed), [1]), g.scalar(1 / width));
    return [raw.mul(g, raw.sub(g, scaled, raw.mul(g, normed, mean)), inverse)];
  });
}
