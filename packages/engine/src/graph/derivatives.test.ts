import { describe, expect, test } from 'vitest';
import type { ArrayValue } from '../interpreter/array-value.ts';
import { causalAttention } from './attention.ts';
import { compactRmsNorm, compactSwiGlu } from './compact.ts';
import { crossEntropy } from './cross-entropy.ts';
import { add, raw, swiGlu } from './elementwise.ts';
import type { GraphBuilder, Value } from './graph.ts';
import { gatherRows, rawLayout, reshape, split, transpose } from './layout.ts';
import { adaptedLinear, type FrozenMatrix, linear, rawGemm, rmsNorm } from './linear.ts';
import { rotary } from './rotary.ts';
import { stripedFeedForward } from './striped-feed-forward.ts';
import { boolArray, int32Array, normalArray } from './testing/arrays.ts';
import { type DerivativeCase, derivativeFaults } from './testing/finite-differences.ts';

// Every rule against central differences in float64; tolerances stand in testing/finite-differences.ts.

const x = normalArray([5, 4], 1);
const weight = normalArray([3, 4], 2);
const bias = normalArray([3], 3);
const [a, b] = [normalArray([2, 4], 4), normalArray([3, 2], 5)];
const keep = boolArray([5, 4], 0.6, 6);

/** Cosines and sines as the rotary table makes them: alike in both halves. */
function angles(dims: [number, number, number, number]): { cos: ArrayValue; sin: ArrayValue } {
  const [batch, , length, width] = dims;
  const make = (f: (angle: number) => number): ArrayValue => {
    const data = Float64Array.from({ length: batch * length * width }, (_, i) => {
      return f(Math.floor(i / width) / 10 ** (i % (width / 2)));
    });
    return { type: 'float32', dims, data };
  };
  return { cos: make(Math.cos), sin: make(Math.sin) };
}

/** Two stripes of a weight, of rows (axis 0) or columns, multiplied in floats. */
function floatStripes(matrix: Value, axis: 0 | 1): FrozenMatrix[] {
  const half = Number(matrix.dims[axis]) / 2;
  return [0, half].map((start) => {
    const part = (g: GraphBuilder) => rawLayout.slice(g, matrix, { axis, start, end: start + half });
    return {
      out: axis === 0 ? half : Number(matrix.dims[0]),
      forward: (g, input) => rawGemm(g, [input, part(g)], { transposeB: true }),
      backward: (g, dy) => rawGemm(g, [dy, part(g)]),
    };
  });
}

/** A feed-forward block of 6 inner channels with adapters, as a case's variables and constants. */
const feedForward = {
  variables: {
    x,
    gateA: a,
    gateB: normalArray([6, 2], 20),
    upA: normalArray([2, 4], 21),
    upB: normalArray([6, 2], 22),
    downA: normalArray([2, 6], 23),
    downB: normalArray([4, 2], 24),
  },
  constants: {
    gate: normalArray([6, 4], 25),
    up: normalArray([6, 4], 26),
    down: normalArray([4, 6], 27),
    gateBias: normalArray([6], 28),
    downBias: normalArray([4], 29),
  },
};

const cases: Record<string, DerivativeCase> = {
  split: {
    variables: { x },
    build(g, v) {
      const [first, second] = split(g, v.x!, 1, [1, 3]);
      return g.differentiate(raw.mul(g, first!, second!), [first!, second!], (dy) => [
        raw.reduceSum(g, raw.mul(g, dy, second!), [1]),
        raw.mul(g, dy, first!),
      ]);
    },
  },
  'stripedFeedForward with biases and adapters': {
    ...feedForward,
    build: (g, v) =>
      stripedFeedForward(g, v.x!, {
        gate: {
          stripes: floatStripes(v.gate!, 0),
          bias: v.gateBias!,
          lowRank: { a: v.gateA!, b: v.gateB!, scale: 0.7 },
        },
        up: { stripes: floatStripes(v.up!, 0), bias: undefined, lowRank: { a: v.upA!, b: v.upB!, scale: 0.5 } },
        down: {
          stripes: floatStripes(v.down!, 1),
          bias: v.downBias!,
          lowRank: { a: v.downA!, b: v.downB!, scale: 0.6 },
        },
        widths: [3, 3],
      }),
  },
  'stripedFeedForward with an adapter on up alone': {
    variables: { x, upA: feedForward.variables.upA, upB: feedForward.variables.upB },
    constants: feedForward.constants,
    build: (g, v) =>
      stripedFeedForward(g, v.x!, {
        gate: { stripes: floatStripes(v.gate!, 0), bias: undefined, lowRank: undefined },
        up: { stripes: floatStripes(v.up!, 0), bias: undefined, lowRank: { a: v.upA!, b: v.upB!, scale: 0.5 } },
        down: { stripes: floatStripes(v.down!, 1), bias: undefined, lowRank: undefined },
        widths: [3, 3],
      }),
  },
  'linear with a bias': {
    variables: { x, weight, bias },
    build: (g, v) => linear(g, v.x!, v.weight!, v.bias),
  },
  'linear without a bias': { variables: { x, weight }, build: (g, v) => linear(g, v.x!, v.weight!) },
  'linear with frozen weights': {
    variables: { x },
    constants: { weight, bias },
    build: (g, v) => linear(g, v.x!, v.weight!, v.bias),
  },
  'linear with a frozen input': {
    variables: { weight, bias },
    constants: { x },
    build: (g, v) => linear(g, v.x!, v.weight!, v.bias),
  },
  'linear with only its bias trained': {
    variables: { bias },
    constants: { x, weight },
    build: (g, v) => linear(g, v.x!, v.weight!, v.bias),
  },
  adaptedLinear: {
    variables: { x, a, b },
    constants: { weight, bias },
    build: (g, v) => adaptedLinear(g, v.x!, { weight: v.weight!, bias: v.bias }, { a: v.a!, b: v.b!, scale: 1.7 }),
  },
  'adaptedLinear with a frozen input and no bias': {
    variables: { a, b },
    constants: { x, weight },
    build: (g, v) => adaptedLinear(g, v.x!, { weight: v.weight!, bias: undefined }, { a: v.a!, b: v.b!, scale: 0.3 }),
  },
  'adaptedLinear with dropout': {
    variables: { x, a, b },
    constants: { weight, bias, keep },
    build: (g, v) =>
      adaptedLinear(
        g,
        v.x!,
        { weight: v.weight!, bias: v.bias },
        { a: v.a!, b: v.b!, scale: 1.7, dropout: { keep: v.keep!, probability: 0.4 } },
      ),
  },
  'rmsNorm of rows': {
    variables: { x, weight: normalArray([4], 7) },
    build: (g, v) => rmsNorm(g, v.x!, v.weight!, 1e-6),
  },
  'rmsNorm of heads': {
    variables: { x: normalArray([2, 3, 2, 4], 8), weight: normalArray([4], 9) },
    build: (g, v) => rmsNorm(g, v.x!, v.weight!, 1e-6),
  },
  'rmsNorm where epsilon counts': {
    variables: { x: { ...x, data: x.data.map((value) => value / 100) }, weight: normalArray([4], 7) },
    build: (g, v) => rmsNorm(g, v.x!, v.weight!, 1e-2),
  },
  'rmsNorm with a frozen weight': {
    variables: { x },
    constants: { weight: normalArray([4], 7) },
    build: (g, v) => rmsNorm(g, v.x!, v.weight!, 1e-6),
  },
  compactRmsNorm: {
    variables: { x },
    constants: { weight: normalArray([4], 9) },
    build: (g, v) => compactRmsNorm(g, v.x!, v.weight!, 1e-6),
  },
  compactSwiGlu: {
    variables: { gate: x, up: normalArray([5, 4], 10) },
    build: (g, v) => compactSwiGlu(g, v.gate!, v.up!),
  },
  swiGlu: { variables: { gate: x, up: normalArray([5, 4], 10) }, build: (g, v) => swiGlu(g, v.gate!, v.up!) },
  rotary: {
    variables: { x: normalArray([2, 3, 4, 6], 11) },
    constants: angles([2, 1, 4, 6]),
    build: (g, v) => rotary(g, v.x!, { cos: v.cos!, sin: v.sin! }),
  },
  add: { variables: { x, y: normalArray([5, 4], 12) }, build: (g, v) => add(g, v.x!, v.y!) },
  'add of a value to itself': { variables: { x }, build: (g, v) => add(g, v.x!, v.x!) },
  reshape: { variables: { x }, build: (g, v) => reshape(g, v.x!, [2, 2, 5]) },
  transpose: {
    variables: { x: normalArray([2, 3, 4, 5], 13) },
    build: (g, v) => transpose(g, v.x!, [2, 0, 3, 1]),
  },
  'gatherRows with rows taken more than once, and never': {
    variables: { table: normalArray([4, 3], 14) },
    constants: { index: int32Array([6], [2, 0, 2, 2, 3, 0]) },
    build: (g, v) => gatherRows(g, v.table!, v.index!),
  },
};

describe('derivatives equal central differences', () => {
  test.each(Object.entries(cases))('%s', (_, one) => {
    expect(derivativeFaults(one)).toEqual([]);
  });

  const attention = (v: Parameters<DerivativeCase['build']>[1]) => ({
    q: v.q!,
    k: v.k!,
    v: v.v!,
    segments: v.segments!,
  });
  test('causalAttention with grouped heads and several segments', () => {
    const faults = derivativeFaults({
      variables: {
        q: normalArray([2, 4, 5, 3], 20),
        k: normalArray([2, 2, 5, 3], 21),
        v: normalArray([2, 2, 5, 3], 22),
      },
      constants: { segments: int32Array([2, 5], [1, 1, 2, 2, 0, 1, 1, 1, 1, 1]) },
      build: (g, v) => causalAttention(g, attention(v)),
    });
    expect(faults).toEqual([]);
  });

  test('causalAttention over the border of a query block', () => {
    const length = 131;
    const faults = derivativeFaults({
      variables: {
        q: normalArray([1, 2, length, 2], 23),
        k: normalArray([1, 1, length, 2], 24),
        v: normalArray([1, 1, length, 2], 25),
      },
      constants: {
        segments: int32Array(
          [1, length],
          Array.from({ length }, (_, t) => (t < 60 ? 1 : 2)),
        ),
      },
      samples: 5,
      build: (g, v) => causalAttention(g, attention(v)),
    });
    expect(faults).toEqual([]);
  });

  const hidden = normalArray([5, 3], 30);
  const head = normalArray([7, 3], 31);
  const rows = {
    targets: int32Array([5], [6, 0, 3, 0, 6]),
    weights: { type: 'float32' as const, dims: [5, 1], data: Float64Array.of(0.5, 0, 1.5, 0, 0.25) },
  };
  // 7 classes: all rows in one chunk, chunks of two rows and a rest of one, and one row each.
  test.each([1000, 14, 1])('crossEntropy in chunks of %d logits, some rows without weight', (chunkElements) => {
    const build: DerivativeCase['build'] = (g, v) =>
      crossEntropy(g, { hidden: v.hidden!, head: v.head!, targets: v.targets!, weights: v.weights!, chunkElements });
    expect(derivativeFaults({ variables: { hidden, head }, constants: rows, build })).toEqual([]);
    expect(derivativeFaults({ variables: { hidden }, constants: { head, ...rows }, build })).toEqual([]);
    const inner = normalArray([5, 2], 32);
    const up = normalArray([7, 2], 33);
    const adapted: DerivativeCase['build'] = (g, v) =>
      crossEntropy(g, {
        hidden: v.hidden!,
        head: v.head!,
        targets: v.targets!,
        weights: v.weights!,
        chunkElements,
        adapter: { inner: v.inner!, b: v.up! },
      });
    const variables = { hidden, inner, up };
    expect(derivativeFaults({ variables, constants: { head, ...rows }, build: adapted })).toEqual([]);
  });
});

describe('the check refuses', () => {
  test.each([
    ['a wrong sign', -1],
    ['a factor off by one in ten thousand', 1.0001],
  ])('%s', (_, factor) => {
    const faults = derivativeFaults({
      variables: { x },
      build: (g, v) => {
        const square = raw.mul(g, v.x!, v.x!);
        return g.differentiate(square, [v.x!], (dy) => [raw.mul(g, raw.mul(g, dy, v.x!), g.scalar(2 * factor))]);
      },
    });
    // Twenty elements and the random direction.
    expect(faults).toHaveLength(21);
    expect(faults[0]).toMatch(/^x element 0: derivative -?[\d.]+, slope -?[\d.]+$/);
  });

  test('a rule that leaves out one of two ways to the loss', () => {
    const faults = derivativeFaults({
      variables: { x },
      build: (g, v) => g.differentiate(raw.add(g, v.x!, v.x!), [v.x!], (dy) => [dy]),
    });
    expect(faults).not.toEqual([]);
  });

  test('a check by no variable', () => {
    expect(() => derivativeFaults({ variables: {}, constants: { x }, build: (_g, v) => v.x! })).toThrow(/no variable/);
  });
});
