import { expect, test } from 'vitest';
import { raw } from './elementwise.ts';
import { byteLength, GraphBuilder, type Value } from './graph.ts';
import { graphMemory } from './graph-memory.ts';
import { rawGemm } from './linear.ts';
import { checkpointed } from './recompute.ts';

const SIZE = 16;
const MATRIX = 4 * SIZE * SIZE;

const matrix = (g: GraphBuilder, name: string) => g.input(name, [SIZE, SIZE], 'float32', true);

test('an array is counted from its product to its last use, and element-wise results take its place', () => {
  const g = new GraphBuilder();
  const x = matrix(g, 'x');
  const a = rawGemm(g, [x, x]);
  const b = rawGemm(g, [a, a]);
  g.output('result', raw.add(g, raw.mul(g, b, b), b));
  // x, then a with b, or b with its square; the sum takes a place, the result that leaves the graph has its own.
  expect(graphMemory(g.build()).peakBytes).toBe(3 * MATRIX);
});

test('bytes in a file count where a product reads them all', () => {
  const g = new GraphBuilder();
  const inFile = (name: string) =>
    g.initializer({ name, dims: [SIZE, SIZE], type: 'float32', source: { file: '/w', offset: 0, length: MATRIX } });
  const ids = g.input('ids', [2], 'int32');
  const rows = g.apply('Gather', [inFile('table'), ids], { dims: [2, SIZE], attributes: { axis: 0 } });
  g.output('result', rawGemm(g, [rows, inFile('w')]));
  expect(graphMemory(g.build()).mappedBytes).toBe(MATRIX);
});

test('every type has its width', () => {
  expect(byteLength({ dims: [3, 2], type: 'bfloat16' })).toBe(12);
  expect(byteLength({ dims: ['rows', 2], type: 'float32' })).toBeNaN();
});

test('blocks that are made again need less', () => {
  const depth = 12;
  const peak = (block: (g: GraphBuilder, x: Value, body: (x: Value) => Value) => Value) => {
    const g = new GraphBuilder();
    const [start, w] = [matrix(g, 'x'), matrix(g, 'w')];
    const square = (x: Value) => g.differentiate(rawGemm(g, [x, x]), [x], (dy) => [rawGemm(g, [dy, x])]);
    const body = (x: Value) => square(square(square(g.differentiate(rawGemm(g, [x, w]), [x, w], (dy) => [dy, dy]))));
    let x = start;
    for (let i = 0; i < depth; i++) x = block(g, x, body);
    const loss = g.differentiate(g.apply('ReduceSum', [x], { dims: [] }), [x], () => [start]);
    g.backward(loss, [w]).forEach((gradient) => g.output('gradient', gradient));
    return graphMemory(g.build()).peakBytes / MATRIX;
  };
  const kept = peak((_, x, body) => body(x));
  const again = peak(checkpointed);
  expect(kept).toBeGreaterThan(3 * depth);
  expect(again).toBeLessThan(2 * depth);
});
