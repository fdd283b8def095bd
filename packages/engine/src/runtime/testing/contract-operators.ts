import { encodeFloats, type FloatDtype } from '@skein/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ElementType, type Graph, GraphBuilder } from '../../graph/graph.ts';
import { createInterpreter } from '../../interpreter/interpreter-runtime.ts';
import { operatorTable } from '../../interpreter/operator-table.ts';
import type { Tensors } from '../../tensor.ts';
import type { Runtime } from '../runtime.ts';
import { shareOfTolerance } from './compare.ts';
import { type OperatorCase, operatorCases } from './operator-cases.ts';
import type { RuntimeUnderTest } from './runtime-under-test.ts';

function graphOf({ feeds, symbolic = {}, build }: OperatorCase): Graph {
  const g = new GraphBuilder();
  const inputs = Object.entries(feeds).map(([name, { dims, type }]) => {
    return [name, g.input(name, symbolic[name] ?? dims, type)] as const;
  });
  g.output('result', build(g, Object.fromEntries(inputs)));
  return g.build();
}

/** A matrix product with a weight that lies in a file, as all weights of a model do. */
function graphOnFile(source: { file: string; offset: number; length: number }, type: ElementType): Graph {
  const g = new GraphBuilder();
  const stored = g.initializer({ name: 'weight', dims: [3, 2], type, source });
  const weight = type === 'float32' ? stored : g.apply('Cast', [stored], { dims: [3, 2], attributes: { to: 1 } });
  g.output('y', g.apply('MatMul', [g.input('x', [2, 3]), weight], { dims: [2, 2] }));
  return g.build();
}

async function compute(runtime: Runtime, graph: Graph, feeds: Tensors): Promise<Tensors> {
  const session = await runtime.createSession(graph);
  const results = await session.run(feeds);
  await session.release();
  return results;
}

export function describeOperators({ create, placeFile, elements }: RuntimeUnderTest): void {
  describe('operators', () => {
    let runtime: Runtime;
    const reference = createInterpreter();
    beforeAll(() => {
      runtime = create();
    });
    afterAll(() => runtime.close());

    test.each(operatorCases.map((one) => [one.label, one] as const))('%s', async (_, one) => {
      const graph = graphOf(one);
      const { result } = await compute(runtime, graph, one.feeds);
      const { result: expected } = await compute(reference, graph, one.feeds);
      expect([result!.type, result!.dims]).toEqual([expected!.type, expected!.dims]);
      expect(result!.data.constructor).toBe(expected!.data.constructor);
      expect(shareOfTolerance(result!.data, expected!.data, elements)).toBeLessThanOrEqual(1);
    });

    test('every operator of the interpreter has a case', () => {
      const covered = new Set(operatorCases.flatMap((one) => graphOf(one).nodes.map(({ operator }) => operator)));
      expect([...covered].sort()).toEqual([...operatorTable.keys()].sort());
    });

    test.each<[ElementType, FloatDtype]>([
      ['float32', 'F32'],
      ['float16', 'F16'],
      ['bfloat16', 'BF16'],
    ])('a weight in a file, as %s', async (type, dtype) => {
      // Exact in each type, so that only the product rounds.
      const weight = encodeFloats(Float32Array.of(1, -0.5, 2.25, 0, 1.5, -3), dtype);
      const offset = 16;
      const bytes = new Uint8Array(offset + weight.length + 7).fill(255);
      bytes.set(weight, offset);
      const graph = graphOnFile({ file: placeFile(bytes), offset, length: weight.length }, type);
      const feeds = { x: { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, -1, 0, 4) } } as const;
      const { y } = await compute(runtime, graph, feeds);
      expect([...y!.data]).toEqual([10, -9.5, 5, -11.5]);
    });
  });
}
