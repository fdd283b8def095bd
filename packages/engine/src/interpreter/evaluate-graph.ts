import { BaseError, invariant } from '@skein/core';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { ArrayValue } from './array-value.ts';
import type { Operator } from './operator.ts';
import { operatorTable } from './operator-table.ts';

/**
 * `float32` rounds every result as a runtime's memory does, with sums inside an operator in float64; `float64` rounds
 * nothing, for finite differences.
 */
export type Precision = 'float32' | 'float64';

/** Operators by their ONNX name. */
export type OperatorTable = ReadonlyMap<string, Operator>;

/**
 * Computes the outputs of a graph, one node after another.
 * @param given inputs and initializers by name; not changed
 * @throws BaseError `engine/unknown-operator`, `engine/operator-fault`, and `engine/output-shape` where an output has
 *   another shape or type than the graph declares.
 */
export function evaluateGraph(
  graph: Graph,
  given: ReadonlyMap<string, ArrayValue>,
  { precision, operators = operatorTable }: { readonly precision: Precision; readonly operators?: OperatorTable },
): Map<string, ArrayValue> {
  const values = new Map(given);
  for (const node of graph.nodes) {
    const [name] = node.outputs;
    invariant(name !== undefined && node.outputs.length === 1, `${node.operator} has ${node.outputs.length} outputs`);
    values.set(name, rounded(evaluateNode(node, values, operators), precision));
  }
  return new Map(graph.outputs.map((output) => [output.name, checkedOutput(graph, output, values)]));
}

/** @throws BaseError `engine/unknown-operator`. */
export function assertKnownOperators(graph: Graph, operators: OperatorTable): void {
  for (const { operator } of graph.nodes) knownOperator(operator, operators);
}

function knownOperator(name: string, operators: OperatorTable): Operator {
  const operator = operators.get(name);
  if (operator) return operator;
  throw new BaseError('engine/unknown-operator', `The interpreter does not know the operator ${name}.`, {
    info: { operator: name },
    hints: ['Run this graph on ONNX Runtime.'],
  });
}

function evaluateNode(node: GraphNode, values: ReadonlyMap<string, ArrayValue>, operators: OperatorTable): ArrayValue {
  const operator = knownOperator(node.operator, operators);
  const inputs = node.inputs.map((name) => {
    const value = values.get(name);
    invariant(value, `${node.operator} reads ${name}, which nothing has computed`);
    return value;
  });
  return operator(inputs, node.attributes);
}

function rounded(value: ArrayValue, precision: Precision): ArrayValue {
  return value.type === 'float32' && precision === 'float32' ? { ...value, data: value.data.map(Math.fround) } : value;
}

function checkedOutput(
  graph: Graph,
  { name, dims, type }: Graph['outputs'][number],
  values: ReadonlyMap<string, ArrayValue>,
): ArrayValue {
  const value = values.get(name);
  invariant(value, `nothing computes the output ${name}`);
  const extents = symbolExtents(graph, values);
  const fits =
    value.dims.length === dims.length &&
    dims.every(
      (dim, axis) => (extents.get(dim) ?? (typeof dim === 'number' ? dim : value.dims[axis])) === value.dims[axis],
    );
  if (fits && value.type === type) return value;
  throw new BaseError(
    'engine/output-shape',
    `The output ${name} is ${value.type} [${value.dims}], but the graph declares ${type} [${dims}].`,
    { hints: ['Report this with the command that led here; graphs are written by the engine itself.'] },
  );
}

/** What the inputs say about extents that the graph only names. */
function symbolExtents(graph: Graph, values: ReadonlyMap<string, ArrayValue>): Map<string | number, number> {
  const extents = new Map<string | number, number>();
  for (const { name, dims } of graph.inputs) {
    dims.forEach((dim, axis) => {
      const extent = values.get(name)?.dims[axis];
      if (typeof dim === 'string' && extent !== undefined) extents.set(dim, extent);
    });
  }
  return extents;
}
