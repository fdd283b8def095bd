import { byteLength, type Graph, type GraphNode } from './graph.ts';

/** Operators whose result may take the place of an input that nobody needs any more. */
const IN_PLACE: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Sigmoid', 'Sqrt', 'Reciprocal', 'Reshape']);

export interface GraphMemory {
  /** Most bytes of inputs, results and arrays between them at one time. */
  readonly peakBytes: number;
  /** Of weights in files that products read; one from which rows are looked up is not read as a whole. */
  readonly mappedBytes: number;
}

/**
 * What a graph of static shapes needs where its nodes run in ONNX Runtime's order and an array is freed after its last
 * use.
 */
export function graphMemory(graph: Graph): GraphMemory {
  const uses = new Map<string, number>();
  for (const { inputs } of graph.nodes) for (const name of inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  // What comes from outside, or goes there, is not the graph's to free.
  for (const { name } of [...graph.inputs, ...graph.initializers, ...graph.outputs]) uses.set(name, Infinity);
  const bytes = new Map<string, number>();
  let liveBytes = graph.inputs.reduce((sum, input) => sum + byteLength(input), 0);
  let peakBytes = liveBytes;
  for (const { operator, inputs, outputs, outputBytes } of executionOrder(graph.nodes)) {
    const made = outputBytes.reduce((sum, size) => sum + size, 0);
    outputs.forEach((name, i) => bytes.set(name, outputBytes[i] ?? 0));
    for (const name of inputs) uses.set(name, (uses.get(name) ?? 0) - 1);
    const freed = [...new Set(inputs)].filter((name) => uses.get(name) === 0).map((name) => bytes.get(name) ?? 0);
    const inPlace = IN_PLACE.has(operator) && freed.includes(made);
    peakBytes = Math.max(peakBytes, liveBytes + (inPlace ? 0 : made));
    liveBytes += made - freed.reduce((sum, size) => sum + size, 0);
  }
  return { peakBytes, mappedBytes: mappedBytes(graph) };
}

/** Depth first from the last output, and at each node from its latest input: so ONNX Runtime sorts nodes. */
function executionOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const makers = new Map(nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)));
  const needed = new Set(nodes.flatMap(({ inputs }) => inputs));
  const leaves = [...nodes.keys()].filter((index) => !nodes[index]?.outputs.some((name) => needed.has(name)));
  const stack = leaves.map((index) => ({ index, entered: false }));
  const seen = new Set<number>();
  const order: GraphNode[] = [];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const node = nodes[top.index] as GraphNode;
    if (top.entered) order.push(node);
    if (top.entered || seen.has(top.index)) continue;
    seen.add(top.index);
    stack.push({ index: top.index, entered: true });
    const from = new Set(node.inputs.flatMap((name) => makers.get(name) ?? []));
    for (const index of [...from].toSorted((a, b) => a - b)) {
      if (!seen.has(index)) stack.push({ index, entered: false });
    }
  }
  return order;
}

function mappedBytes({ nodes, initializers }: Graph): number {
  const read = new Set(nodes.filter(({ operator }) => operator !== 'Gather').flatMap(({ inputs }) => inputs));
  return initializers.reduce((sum, { name, source }) => {
    return sum + (ArrayBuffer.isView(source) || !read.has(name) ? 0 : source.length);
  }, 0);
}
