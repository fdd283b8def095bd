import { invariant } from '@skein/core';
import { raw } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';

type Recipe = (after: Value) => Value;

const recipes = new WeakMap<GraphBuilder, Map<string, Recipe>>();

/**
 * Says how a value can be made again in the reverse pass, so that the forward pass need not keep it (Chen et al. 2016,
 * arXiv:1604.06174, for single operators).
 * @param recipe called at most once, with a value of the reverse pass that must exist before
 */
export function recomputable(g: GraphBuilder, value: Value, recipe: Recipe): void {
  const known = recipes.get(g) ?? new Map<string, Recipe>();
  recipes.set(g, known);
  let made: Value | undefined;
  known.set(value.name, (after) => {
    made ??= recipe(after);
    return made;
  });
}

/** The value made again, where there is a recipe, or else the one of the forward pass. */
export function recomputed(g: GraphBuilder, value: Value, after: Value): Value {
  return recipes.get(g)?.get(value.name)?.(after) ?? value;
}

/**
 * `body(x)`, of which nothing but x is kept: the reverse pass builds it once more and goes back through that (gradient
 * checkpointing, Chen et al. 2016, arXiv:1604.06174).
 * @param body called twice; it must make the same of equal values
 */
export function checkpointed(g: GraphBuilder, x: Value, body: (x: Value) => Value): Value {
  const { value, sources } = g.apart(() => body(x));
  const inputs = [x, ...sources.filter(({ name }) => name !== x.name)];
  return g.differentiate(value, inputs, (dy) => {
    const again = { ...raw.mul(g, x, oneAfter(g, dy)), differentiable: x.differentiable };
    const part = g.apart(() => body(again));
    return part.pullBack(dy, [again, ...inputs.slice(1)]);
  });
}

/**
 * The number 1 that exists only after a matrix does. A factor of it keeps what is made again from being made, or being
 * merged with its first copy, in the forward pass.
 */
export function oneAfter(g: GraphBuilder, after: Value): Value {
  return raw.add(g, raw.mul(g, firstOf(g, after), g.scalar(0)), g.scalar(1));
}

/** The first element of a matrix, [1, 1]. */
export function firstOf(g: GraphBuilder, matrix: Value): Value {
  invariant(matrix.dims.length === 2, 'a value that another waits for must be a matrix');
  if (matrix.dims.every((dim) => dim === 1)) return matrix;
  const bounds = [
    [0, 0],
    [1, 1],
    [0, 1],
  ].map((list) => g.integers(list));
  return g.apply('Slice', [matrix, ...bounds], { dims: [1, 1] });
}

/**
 * A weight of 16 bits in float32. The copy is made only after a matrix exists, so that each use that is given another
 * matrix has its own, which is freed after it.
 */
export function widenedAfter(g: GraphBuilder, weight: Value, after: Value): Value {
  const shape = g.apply('Shape', [after], { dims: [after.dims.length], type: 'int64' });
  const extent = g.apply('Slice', [shape, ...[[0], [1], [0]].map((list) => g.integers(list))], {
    dims: [1],
    type: 'int64',
  });
  const nothing = g.apply('Mul', [extent, g.integers([0])], { dims: [1], type: 'int64' });
  const rank = weight.dims.length;
  const dims = g.apply('Add', [g.integers(weight.dims.map(Number)), nothing], { dims: [rank], type: 'int64' });
  const same = g.apply('Reshape', [weight, dims], { dims: weight.dims, type: weight.type });
  return g.apply('Cast', [same], { dims: weight.dims, attributes: { to: 1 } });
}
