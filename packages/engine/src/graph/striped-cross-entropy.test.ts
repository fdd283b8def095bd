import { expect, test } from 'vitest';
import { createInterpreter } from '../interpreter/interpreter-runtime.ts';
import { float32, int32 } from '../tensor.ts';
import { crossEntropy } from './cross-entropy.ts';
import { raw } from './elementwise.ts';
import { graphMemory } from './graph-memory.ts';
import { GraphBuilder, type Value } from './graph.ts';
import { rawLayout } from './layout.ts';
import { type FrozenMatrix, rawGemm } from './linear.ts';
import { oneAfter } from './recompute.ts';
import { stripedCrossEntropy } from './striped-cross-entropy.ts';
import { int32Array, normalArray } from './testing/arrays.ts';
import { derivativeFaults } from './testing/finite-differences.ts';

const hidden = normalArray([5, 3], 30);
const head = normalArray([7, 3], 31);
const targets = int32Array([5], [6, 0, 3, 0, 6]);
const weights = { type: 'float32' as const, dims: [5, 1], data: Float64Array.of(0.5, 0, 1.5, 0, 0.25) };

/** Rows of a head with exact products. */
function exactStripes(g: GraphBuilder, of: Value, borders: readonly number[]): FrozenMatrix[] {
  return borders.slice(1).map((end, index) => {
    const start = borders[index] as number;
    const part = rawLayout.slice(g, of, { axis: 0, start, end });
    return {
      out: end - start,
      forward: (_, x) => rawGemm(g, [x, part], { transposeB: true }),
      backward: (_, dy) => rawGemm(g, [dy, part]),
    };
  });
}

const striped = (g: GraphBuilder, v: Readonly<Record<string, Value>>) =>
  stripedCrossEntropy(g, {
    hidden: v.hidden!,
    head: v.head!,
    targets: v.targets!,
    weights: v.weights!,
    stripes: exactStripes(g, v.head!, [0, 3, 6, 7]),
  });

test('its derivative is its slope, with stripes of unequal size and rows without weight', () => {
  expect(derivativeFaults({ variables: { hidden }, constants: { head, targets, weights }, build: striped })).toEqual(
    [],
  );
});

test('it is the cross-entropy, and exact where the target is nearly certain', async () => {
  const g = new GraphBuilder();
  const v = {
    hidden: g.input('hidden', [5, 3], 'float32', true),
    head: g.input('head', [7, 3]),
    targets: g.input('targets', [5], 'int32'),
    weights: g.input('weights', [5, 1]),
  };
  for (const [name, loss] of [
    ['striped', striped(g, v)],
    ['whole', crossEntropy(g, v)],
  ] as const) {
    g.output(name, loss);
    const [gradient] = g.backward(loss, [v.hidden]);
    g.output(`${name}Gradient`, gradient!);
  }
  const session = await createInterpreter().createSession(g.build());
  for (const factor of [1, 20]) {
    const results = await session.run({
      hidden: float32(
        [5, 3],
        Float32Array.from(hidden.data, (x) => factor * x),
      ),
      head: float32([7, 3], Float32Array.from(head.data)),
      targets: int32([5], Int32Array.from(targets.data)),
      weights: float32([5, 1], Float32Array.from(weights.data)),
    });
    const whole = results.whole!.data[0] as number;
    expect(results.striped!.data[0]).toBeCloseTo(whole, 5);
    results.wholeGradient!.data.forEach((x, i) => {
      expect(results.stripedGradient!.data[i]).toBeCloseTo(Number(x), 6);
    });
  }
});

test('the logits of one stripe are in memory at a time', () => {
  const [rows, stripeRows, stripes] = [64, 64, 8];
  const g = new GraphBuilder();
  const of = g.input('head', [stripes * stripeRows, 4]);
  const x = g.input('hidden', [rows, 4], 'float32', true);
  const loss = stripedCrossEntropy(g, {
    hidden: x,
    head: of,
    targets: g.input('targets', [rows], 'int32'),
    weights: g.input('weights', [rows, 1]),
    stripes: exactStripes(
      g,
      of,
      Array.from({ length: stripes + 1 }, (_, i) => i * stripeRows),
    ).map((stripe) => ({ ...stripe, forward: (own, value, after) => stripe.forward(own, waiting(own, value, after)) })),
  });
  g.output('loss', loss);
  g.output('gradient', g.backward(loss, [x])[0]!);
  expect(graphMemory(g.build()).peakBytes).toBeLessThan(6 * rows * stripeRows * 4);
});

/** The same value, once another is there. */
function waiting(g: GraphBuilder, value: Value, after: Value | undefined): Value {
  return after ? raw.mul(g, value, oneAfter(g, after)) : value;
}
