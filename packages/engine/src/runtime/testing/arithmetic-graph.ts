import { type Dim, type Graph, GraphBuilder } from '../../graph/graph.ts';
import { float32, type Tensor } from '../../tensor.ts';

export function listOf(...values: number[]): Tensor {
  return float32([values.length], Float32Array.from(values));
}

export function numbersOf(tensor: Tensor | undefined): number[] {
  return Array.from<number | bigint, number>(tensor?.data ?? [], Number);
}

/** sum = a + b and product = a · b, on lists. */
export function arithmeticGraph(length: Dim = 2): Graph {
  const g = new GraphBuilder();
  const [a, b] = [g.input('a', [length]), g.input('b', [length])];
  g.output('sum', g.apply('Add', [a, b], { dims: [length] }));
  g.output('product', g.apply('Mul', [a, b], { dims: [length] }));
  return g.build();
}
