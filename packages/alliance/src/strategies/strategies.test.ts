import { encodeSafetensors } from '@skein/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dequantiseSum, PIECE_ELEMENTS } from '@skein/privacy';
import { nextModel } from '../aggregator/compute-sum.ts';
import { decodeModelState, encodeModelState, type ModelState } from '../model/model-state.ts';
import { encodeNumbers } from '../model/number-bytes.ts';
import type { Plan } from '../plan.ts';
import { applyRule, meanOf, trimmedMeanOf } from './clear-rules.ts';
import { applyOuterStep } from './outer-step.ts';

const start: ModelState = { parameters: Float32Array.of(0), optimiser: {} };
const grid = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];

describe('rules of clear mode', () => {
  // Values of byzfl's documentation for its aggregators.
  it('give the published values', () => {
    expect([...applyRule({ kind: 'mean' }, grid)]).toEqual([4, 5, 6]);
    expect([...applyRule({ kind: 'median' }, grid)]).toEqual([4, 5, 6]);
    expect([...trimmedMeanOf(grid, 1)]).toEqual([4, 5, 6]);
  });

  // Values of Flower's tests of FedTrimmedAvg and FedAvgM.
  it('give Flower’s values', () => {
    const rule = { kind: 'trimmed-mean', trim: 0.25 } as const;
    expect([...applyRule(rule, [[0.5], [1], [2], [100]])]).toEqual([1.5]);
    const strategy = { kind: 'fedavgm', rate: 1, momentum: 0.9 } as const;
    const { parameters } = applyOuterStep(strategy, start, meanOf([[1], [3]], [1, 2]));
    expect(parameters[0]).toBeCloseTo(7 / 3, 6);
  });

  it('take the mean of the middle two of an even number as the median', () => {
    expect([...applyRule({ kind: 'median' }, [[1], [9], [3], [4]])]).toEqual([3.5]);
  });

  it('bound what a minority can do: median and trimmed mean stay within the honest values', () => {
    const honest = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 5, maxLength: 9 });
    const evil = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(honest, evil, (good, bad) => {
        const updates = [...good, ...bad].map((value) => [value]);
        for (const rule of [{ kind: 'median' }, { kind: 'trimmed-mean', trim: 0.3 }] as const) {
          const [value] = applyRule(rule, updates);
          expect(value).toBeGreaterThanOrEqual(Math.min(...good) - 1e-9);
          expect(value).toBeLessThanOrEqual(Math.max(...good) + 1e-9);
        }
      }),
    );
  });

  it('refuse updates of different lengths, none at all, and cutting everything', () => {
    expect(() => meanOf([[1], [1, 2]])).toThrow(RangeError);
    expect(() => meanOf([])).toThrow(RangeError);
    expect(() => trimmedMeanOf([[1], [2]], 1)).toThrow(RangeError);
  });
});

describe('outer steps', () => {
  it('follow the papers’ formulas', () => {
    const avg = applyOuterStep({ kind: 'fedavg', rate: 0.5 }, { ...start, parameters: Float32Array.of(1) }, [4]);
    expect(avg).toEqual({ parameters: Float32Array.of(3), optimiser: {} });

    const momentum = { kind: 'fedavgm', rate: 1, momentum: 0.5 } as const;
    const second = applyOuterStep(momentum, applyOuterStep(momentum, start, [1]), [2]);
    expect(second).toEqual({ parameters: Float32Array.of(3.5), optimiser: { velocity: Float64Array.of(2.5) } });

    const adam = { kind: 'fedadam', rate: 0.1, beta1: 0.9, beta2: 0.99, tau: 0.001 } as const;
    const stepped = applyOuterStep(adam, start, [0.2]);
    const first = 0.1 * 0.2;
    const v = 0.99 * 1e-6 + 0.01 * 0.04;
    expect(stepped.optimiser.first![0]).toBeCloseTo(first, 15);
    expect(stepped.optimiser.second![0]).toBeCloseTo(v, 15);
    expect(stepped.parameters[0]).toBeCloseTo((0.1 * first) / (Math.sqrt(v) + 0.001), 6);
  });

  it('refuse an update of another length', () => {
    expect(() => applyOuterStep({ kind: 'fedavg', rate: 1 }, start, [1, 2])).toThrow(RangeError);
  });
});

describe('the state of a model', () => {
  const floats = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 20 });

  it('comes back from its file to the bit, and the same state gives the same file', () => {
    fc.assert(
      fc.property(floats, (values) => {
        const parameters = Float32Array.from(values);
        const state = { parameters, optimiser: { velocity: Float64Array.from(values, (value) => value / 3) } };
        const file = encodeModelState(state);
        expect(decodeModelState(file)).toEqual(state);
        expect(encodeModelState(decodeModelState(file))).toEqual(file);
      }),
    );
  });

  it('is refused with tensors that don’t belong to it', () => {
    const tensors = [
      { name: 'parameters', dtype: 'F32' as const, dims: [2], data: new Uint8Array(8) },
      { name: 'optimiser.v', dtype: 'F64' as const, dims: [1], data: new Uint8Array(8) },
    ];
    const lacking = encodeSafetensors(tensors);
    expect(() => decodeModelState(lacking)).toThrow(/optimiser\.v/);
    const renamed = encodeModelState({ parameters: Float32Array.of(1), optimiser: {} });
    renamed.set(new TextEncoder().encode('parametexs'), 10);
    expect(() => decodeModelState(renamed)).toThrow(/parameters/);
  });
});

describe('the next model', () => {
  it('is the same whether the step is taken whole or in pieces', () => {
    const count = 2 * PIECE_ELEMENTS + 5;
    const base = Float32Array.from({ length: count }, (_, i) => Math.sin(i));
    const sum = Uint32Array.from({ length: count }, (_, i) => (i * 7919) % (3 * 65_535));
    const quantiser = { clipNorm: 1, range: 0.5, weights: 'equal' } as const;
    for (const strategy of [
      { kind: 'fedavg', rate: 1 },
      { kind: 'fedavgm', rate: 0.5, momentum: 0.9 },
      { kind: 'fedadam', rate: 0.1, beta1: 0.9, beta2: 0.99, tau: 0.001 },
    ] as const) {
      const aggregation = { kind: 'secure', clipNorm: 1, clipValue: 0.5, weights: 'equal', minSurvivors: 3 } as const;
      const plan = { strategy, aggregation } as unknown as Plan;
      let state: ModelState = { parameters: base, optimiser: {} };
      for (let round = 0; round < 2; round++) {
        const whole = applyOuterStep(strategy, state, dequantiseSum(sum, quantiser, 3)!);
        expect(nextModel(plan, encodeModelState(state), encodeNumbers(sum), 3)).toEqual(encodeModelState(whole));
        state = whole;
      }
    }
  });
});
