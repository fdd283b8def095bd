import type { AdamWOptions } from '../train/optimizer/adamw.ts';
import { raw } from './elementwise.ts';
import { type Graph, GraphBuilder, type Value } from './graph.ts';
import { rawLayout } from './layout.ts';

export interface TrainedArray {
  readonly name: string;
  readonly dims: readonly number[];
}

/** Names of the inputs of an array beside the array itself; outputs are named after them (`updatedName`). */
export const adamWNames = (name: string) => ({ sum: `sum/${name}`, m: `m/${name}`, v: `v/${name}` });

export function updatedName(input: string): string {
  return `updated ${input}`;
}

/**
 * Clipping and AdamW (`train/clip.ts`, `train/optimizer/adamw.ts`) as a graph, in float32. Inputs: each array, its
 * gradient `sum/…` and its moments `m/…`, `v/…`; of the step, [1] each, `decay` = 1 − lr·weightDecay, `stepSize` =
 * lr·√(1−β₂ᵗ)/(1−β₁ᵗ) and `epsilon` = ε·√(1−β₂ᵗ). Outputs: the new array and moments; `squares` and `valueSquares` [n],
 * each array's Σ gradient² before clipping and Σ value² after the update.
 */
export function buildAdamW(
  arrays: readonly TrainedArray[],
  { maxGradientNorm, adamW }: { readonly maxGradientNorm: number | null; readonly adamW: AdamWOptions },
): Graph {
  const g = new GraphBuilder();
  const { beta1, beta2 } = adamW;
  const inputs = arrays.map(({ name, dims }) => {
    const { sum, m, v } = adamWNames(name);
    return { name, value: g.input(name, dims), sum: g.input(sum, dims), m: g.input(m, dims), v: g.input(v, dims) };
  });
  const squares = sumsOfSquares(
    g,
    inputs.map(({ sum }) => sum),
  );
  g.output('squares', squares);
  const factor = maxGradientNorm === null ? g.scalar(1) : clipFactor(g, squares, maxGradientNorm);
  const ofGradient = raw.mul(g, factor, g.scalar(1 - beta1));
  const ofSquare = raw.mul(g, raw.mul(g, factor, factor), g.scalar(1 - beta2));
  const [decay, stepSize, epsilon] = ['decay', 'stepSize', 'epsilon'].map((name) => g.input(name, [1])) as [
    Value,
    Value,
    Value,
  ];
  const updated = inputs.map(({ name, value, sum, m: first, v: second }) => {
    const m = raw.add(g, raw.mul(g, first, g.scalar(beta1)), raw.mul(g, sum, ofGradient));
    const v = raw.add(g, raw.mul(g, second, g.scalar(beta2)), raw.mul(g, raw.mul(g, sum, sum), ofSquare));
    const root = raw.add(g, raw.unary(g, 'Sqrt', v), epsilon);
    const change = raw.mul(g, raw.div(g, m, root), stepSize);
    const next = raw.sub(g, raw.mul(g, value, decay), change);
    const names = adamWNames(name);
    g.output(updatedName(name), next);
    g.output(updatedName(names.m), m);
    g.output(updatedName(names.v), v);
    return next;
  });
  g.output('valueSquares', sumsOfSquares(g, updated));
  return g.build();
}

/** sum/… + gradient.… of each array; of a window's first micro-batch the gradient alone. */
export function buildSums(arrays: readonly TrainedArray[], { first }: { readonly first: boolean }): Graph {
  const g = new GraphBuilder();
  for (const { name, dims } of arrays) {
    const { sum } = adamWNames(name);
    const gradient = g.input(`gradient.${name}`, dims);
    g.output(updatedName(sum), first ? gradient : raw.add(g, g.input(sum, dims), gradient));
  }
  return g.build();
}

/** As `torch.nn.utils.clip_grad_norm_`, its 1e-6 included. */
function clipFactor(g: GraphBuilder, squares: Value, maxNorm: number): Value {
  const norm = raw.unary(g, 'Sqrt', raw.reduceSum(g, squares, [0]));
  const factor = raw.div(g, g.scalar(maxNorm), raw.add(g, norm, g.scalar(1e-6)));
  return g.apply('Min', [factor, g.scalar(1)], { dims: [1] });
}

function sumsOfSquares(g: GraphBuilder, arrays: readonly Value[]): Value {
  const sums = arrays.map((array) => rawLayout.reshape(g, raw.reduceSumSquare(g, array, [...array.dims.keys()]), [1]));
  return rawLayout.concat(g, sums, 0, arrays.length);
}
