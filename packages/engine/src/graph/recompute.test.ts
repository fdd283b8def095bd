import { expect, test } from 'vitest';
import type { ArrayValue } from '../interpreter/array-value.ts';
import { raw } from './elementwise.ts';
import { GraphBuilder, type Value } from './graph.ts';
import { linear } from './linear.ts';
import { checkpointed } from './recompute.ts';
import { normalArray } from './testing/arrays.ts';
import { derivativeFaults } from './testing/finite-differences.ts';

function exp(g: GraphBuilder, x: Value): Value {
  const y = raw.unary(g, 'Exp', x);
  return g.differentiate(y, [x], (dy) => [raw.mul(g, dy, y)]);
}

/** Two checkpointed blocks with a trained matrix each, the second used by both. */
function blocks(g: GraphBuilder, { x, w, v }: Readonly<Record<string, Value>>): Value {
  const first = checkpointed(g, x!, (from) => exp(g, linear(g, exp(g, linear(g, from, w!)), v!)));
  return checkpointed(g, first, (from) => exp(g, linear(g, from, v!)));
}

/** Small, since they go through several exponentials. */
function array(dims: number[], seed: number): ArrayValue {
  const normal = normalArray(dims, seed);
  return { ...normal, data: normal.data.map((x) => 0.3 * x) };
}

test('the derivative of checkpointed blocks is the slope, for what they share as well', () => {
  const variables = { x: array([2, 3], 1), w: array([3, 3], 2), v: array([3, 3], 3) };
  expect(derivativeFaults({ variables, build: blocks })).toEqual([]);
});

test('the derivative goes to the matrices where the input has none', () => {
  const variables = { w: array([3, 3], 2), v: array([3, 3], 3) };
  expect(derivativeFaults({ variables, constants: { x: array([2, 3], 1) }, build: blocks })).toEqual([]);
});

test('of the forward pass, the reverse pass uses the inputs of blocks only', () => {
  const g = new GraphBuilder();
  const input = (name: string, dims: number[]) => g.input(name, dims, 'float32', true);
  const inputs = { x: input('x', [2, 3]), w: input('w', [3, 3]), v: input('v', [3, 3]) };
  const result = blocks(g, inputs);
  const loss = g.differentiate(g.apply('ReduceSum', [result], { dims: [] }), [result], (dy) => [
    g.apply('Expand', [dy, g.integers([2, 3])], { dims: [2, 3] }),
  ]);
  const [gradient] = g.backward(loss, [inputs.w]);
  g.output('loss', loss);
  g.output('gradient', gradient!);
  const { nodes } = g.build();
  const end = nodes.findIndex(({ outputs }) => outputs.includes(loss.name));
  const forward = new Set(nodes.slice(0, end + 1).flatMap(({ outputs }) => outputs));
  const kept = new Set(nodes.slice(end + 1).flatMap(({ inputs: names }) => names.filter((name) => forward.has(name))));
  kept.delete(loss.name);
  // The first block's input is an input of the graph; the second's is what the first made.
  const [between] = nodes.filter(({ operator }) => operator === 'Exp')[1]!.outputs;
  expect([...kept]).toEqual([between]);
});
