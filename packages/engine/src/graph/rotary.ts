import { invariant } from '@skein/core';
import { raw } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { rawLayout } from './layout.ts';

/** Cosines and sines of the rotary angles, each [B, 1, T, D] with both halves of D alike. */
export interface RotaryAngles {
  readonly cos: Value;
  readonly sin: Value;
}

/**
 * Rotary position embedding in the half-split layout of Hugging Face's Llama and Qwen: x·cos + rotateHalf(x)·sin
 * (Su et al. 2021, arXiv:2104.09864). x is [B, heads, T, D].
 */
export function rotary(g: GraphBuilder, x: Value, { cos, sin }: RotaryAngles): Value {
  const turned = raw.add(g, raw.mul(g, x, cos), raw.mul(g, rotateHalf(g, x), sin));
  return g.differentiate(turned, [x], (dy) => {
    // rotateHalf is antisymmetric, and sin is alike in both halves: the derivative is the rotation backwards.
    return [raw.sub(g, raw.mul(g, dy, cos), raw.mul(g, rotateHalf(g, dy), sin))];
  });
}

function rotateHalf(g: GraphBuilder, x: Value): Value {
  const axis = x.dims.length - 1;
  const width = x.dims[axis];
  invariant(typeof width === 'number' && width % 2 === 0, 'rotary needs an even head size');
  const half = width / 2;
  const first = rawLayout.slice(g, x, { axis, start: 0, end: half });
  const second = rawLayout.slice(g, x, { axis, start: half, end: width });
  return rawLayout.concat(g, [raw.unary(g, 'Neg', second), first], axis, width);
}
