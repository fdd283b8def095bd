import { invariant } from '@skein/core';
import type { ArrayValue } from '../../interpreter/array-value.ts';
import { evaluateGraph } from '../../interpreter/evaluate-graph.ts';
import { initializerValue } from '../../interpreter/load-initializers.ts';
import { createRandom, type Random } from '../../random.ts';
import { raw } from '../elementwise.ts';
import { type Graph, GraphBuilder, type Value } from '../graph.ts';

/** Agreement asked for: |a − b| ≤ atol + rtol·|b|. Central differences in float64 with h = 1e-5 err by about 1e-9. */
export const DIFFERENCES = { atol: 1e-7, rtol: 1e-5 };

const STEP = 1e-5;

export interface DerivativeCase {
  /** Inputs to differentiate by, in float64. */
  readonly variables: Readonly<Record<string, ArrayValue>>;
  /** Inputs that stay as they are: indices, masks, angles. */
  readonly constants?: Readonly<Record<string, ArrayValue>>;
  /** Any shape; a fixed random projection makes a scalar of it. */
  readonly build: (g: GraphBuilder, inputs: Readonly<Record<string, Value>>) => Value;
  /** Elements of each variable that are looked at; 40, or all where it has no more. */
  readonly samples?: number;
}

/** Where a derivative rule and the slope of its function part; empty where they agree everywhere. */
export function derivativeFaults({ variables, constants = {}, build, samples }: DerivativeCase): string[] {
  const declared = { ...variables, ...constants };
  const graphOf = (differentiable: boolean): Graph => {
    const g = new GraphBuilder();
    const inputs = Object.fromEntries(
      Object.entries(declared).map(([name, { dims, type }]) => {
        return [name, g.input(name, dims, type, differentiable && Object.hasOwn(variables, name))];
      }),
    );
    const loss = projectToScalar(g, build(g, inputs));
    if (!differentiable) g.output('loss', loss);
    else {
      const names = Object.keys(variables);
      const wanted = names.map((name) => inputs[name] as Value);
      g.backward(loss, wanted).forEach((gradient, i) => g.output(`gradient.${names[i]}`, gradient));
    }
    return g.build();
  };
  return gradientFaults(
    { loss: graphOf(false), gradients: graphOf(true) },
    {
      variables,
      constants,
      ...(samples !== undefined && { samples }),
    },
  );
}

/**
 * The same for whole graphs with outputs `loss` and `gradient.<variable>`. Besides the sampled elements of a variable
 * it looks along one random direction through all of it, from which no element can hide.
 */
export function gradientFaults(
  graphs: { readonly loss: Graph; readonly gradients: Graph },
  { variables, constants = {}, samples = 40 }: Omit<DerivativeCase, 'build'>,
): string[] {
  const names = Object.keys(variables);
  invariant(names.length > 0, 'a derivative was checked by no variable');
  const evaluate = (graph: Graph, given: Readonly<Record<string, ArrayValue>>) => {
    const weights = graph.initializers.map((initializer) => [initializer.name, initializerValue(initializer)] as const);
    return evaluateGraph(graph, new Map([...weights, ...Object.entries({ ...constants, ...given })]), {
      precision: 'float64',
    });
  };
  const gradients = evaluate(graphs.gradients, variables);
  const random = createRandom(5);
  return names.flatMap((name) => {
    const at = variables[name] as ArrayValue;
    const gradient = gradients.get(`gradient.${name}`);
    invariant(gradient?.data.length === at.data.length, `no gradient of ${name} in its shape`);
    return directionsOf(at.data.length, samples, random).flatMap(({ label, direction }) => {
      const lossAt = (step: number) => {
        const moved = { ...at, data: at.data.map((x, i) => x + step * (direction[i] as number)) };
        return evaluate(graphs.loss, { ...variables, [name]: moved }).get('loss')?.data[0] as number;
      };
      const slope = (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
      const derived = gradient.data.reduce((sum, part, i) => sum + part * (direction[i] as number), 0);
      const agree = Math.abs(derived - slope) <= DIFFERENCES.atol + DIFFERENCES.rtol * Math.abs(slope);
      return agree ? [] : [`${name} ${label}: derivative ${derived}, slope ${slope}`];
    });
  });
}

/** Unit vectors along elements, and one random vector. */
function directionsOf(length: number, samples: number, random: Random): { label: string; direction: Float64Array }[] {
  const places = [...Array(length).keys()];
  if (length > samples) random.shuffle(places);
  const along = places.slice(0, samples).map((place) => {
    const direction = new Float64Array(length);
    direction[place] = 1;
    return { label: `element ${place}`, direction };
  });
  return [...along, { label: 'random direction', direction: Float64Array.from({ length }, () => random.normal()) }];
}

function projectToScalar(g: GraphBuilder, y: Value): Value {
  if (y.dims.length === 0) return y;
  const dims = y.dims.map(Number);
  const projection = g.constant('projection', dims, () => {
    const random = createRandom(17);
    return Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal());
  });
  const axes = g.integers(dims.map((_, axis) => axis));
  const sum = g.apply('ReduceSum', [raw.mul(g, y, projection), axes], { dims: [], attributes: { keepdims: 0 } });
  return g.differentiate(sum, [y], (dy) => [raw.mul(g, projection, dy)]);
}
