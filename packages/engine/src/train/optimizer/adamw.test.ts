import { describe, expect, test } from 'vitest';
import { elementsPerTurn } from '../element-chunks.ts';
import { type AdamWOptions, adamWDefaults, adamWStep, createAdamWState } from './adamw.ts';

const noYield = async () => {};

/**
 * AdamW of one number by its closed form: each moment is a weighted sum over the whole history of gradients, and the
 * bias correction divides by the sum of those weights. Nothing is carried from step to step but the parameter.
 */
function closedForm(start: number, gradients: readonly number[], learningRate: number, options: AdamWOptions): number {
  const weightedMean = (beta: number, values: readonly number[]) => {
    const weights = values.map((_, index) => beta ** (values.length - 1 - index));
    const total = weights.reduce((a, b) => a + b, 0);
    return values.reduce((sum, value, index) => sum + value * (weights[index]! / total), 0);
  };
  return gradients.reduce((parameter, _, index) => {
    const seen = gradients.slice(0, index + 1);
    const mean = weightedMean(options.beta1, seen);
    const root = Math.sqrt(
      weightedMean(
        options.beta2,
        seen.map((g) => g * g),
      ),
    );
    const decayed = parameter - learningRate * options.weightDecay * parameter;
    return decayed - (learningRate * mean) / (root + options.epsilon);
  }, start);
}

describe('adamWStep', () => {
  test.each([
    { name: 'defaults', options: adamWDefaults },
    { name: 'strong decay', options: { ...adamWDefaults, weightDecay: 0.5 } },
    { name: 'short memory, large epsilon', options: { beta1: 0.5, beta2: 0.9, epsilon: 0.1, weightDecay: 0 } },
  ])('follows the closed form over 20 steps: $name', async ({ options }) => {
    const start = Float32Array.of(1.5, -0.25, 0, 3);
    const history = Array.from({ length: 20 }, (_, step) =>
      Float32Array.from(start, (_value, index) => Math.sin(step * 1.7 + index) * 10 ** (index - 2)),
    );
    const parameter = start.slice();
    const state = createAdamWState([parameter]);
    for (const [index, gradient] of history.entries()) {
      const update = { gradients: [gradient], learningRate: 0.01, step: index + 1, options, yieldControl: noYield };
      expect(await adamWStep([parameter], state, update)).toBe(-1);
    }
    for (const [index, value] of start.entries()) {
      const expected = closedForm(
        value,
        history.map((gradient) => gradient[index]!),
        0.01,
        options,
      );
      // rtol 1e-5, atol 1e-6: 20 roundings of float32 state.
      expect(Math.abs(parameter[index]! - expected)).toBeLessThanOrEqual(1e-6 + 1e-5 * Math.abs(expected));
    }
  });

  test('moves by the learning rate against the sign of the first gradient, whatever its size', async () => {
    const parameter = Float32Array.of(0, 0, 0);
    await adamWStep([parameter], createAdamWState([parameter]), {
      gradients: [Float32Array.of(1e-3, -20, 0)],
      learningRate: 0.125,
      step: 1,
      options: { ...adamWDefaults, epsilon: 1e-12 },
      yieldControl: noYield,
    });
    expect(parameter[0]).toBeCloseTo(-0.125, 6);
    expect(parameter[1]).toBeCloseTo(0.125, 6);
    expect(parameter[2]).toBe(0);
  });

  test('decays where the gradient is zero, by learning rate times weight decay', async () => {
    const parameter = Float32Array.of(2);
    await adamWStep([parameter], createAdamWState([parameter]), {
      gradients: [Float32Array.of(0)],
      learningRate: 0.5,
      step: 1,
      options: { ...adamWDefaults, weightDecay: 0.25 },
      yieldControl: noYield,
    });
    expect(parameter[0]).toBe(1.75);
  });

  test('yields once per turn of elements, counted over all arrays, and updates every element', async () => {
    const parameters = [new Float32Array(elementsPerTurn - 10), new Float32Array(elementsPerTurn + 30)];
    const gradients = parameters.map((parameter) => new Float32Array(parameter.length).fill(1));
    let yields = 0;
    const yieldControl = async () => {
      yields++;
    };
    const options = { ...adamWDefaults, epsilon: 1e-12 };
    await adamWStep(parameters, createAdamWState(parameters), {
      gradients,
      learningRate: 0.5,
      step: 1,
      options,
      yieldControl,
    });
    expect(yields).toBe(2);
    for (const parameter of parameters) expect(parameter.findIndex((value) => Math.abs(value + 0.5) > 1e-6)).toBe(-1);
  });

  test('names the first array that a gradient spoils', async () => {
    const parameters = [Float32Array.of(1), Float32Array.of(1, 1)];
    const step = (gradients: Float32Array[]) =>
      adamWStep(parameters, createAdamWState(parameters), {
        gradients,
        learningRate: 0.1,
        step: 1,
        options: adamWDefaults,
        yieldControl: noYield,
      });
    expect(await step([Float32Array.of(1), Float32Array.of(1, 1)])).toBe(-1);
    // Its square overflows float32, so the second moment is infinite.
    expect(await step([Float32Array.of(1), Float32Array.of(1, 3e38)])).toBe(1);
    expect(await step([Float32Array.of(Number.NaN), Float32Array.of(1, 1)])).toBe(0);
  });

  test('refuses step 0 and arrays of other sizes', async () => {
    const parameters = [Float32Array.of(1)];
    const update = { learningRate: 0.1, options: adamWDefaults, yieldControl: noYield };
    const state = createAdamWState(parameters);
    const gradients = [Float32Array.of(1)];
    await expect(adamWStep(parameters, state, { ...update, gradients, step: 0 })).rejects.toThrow(RangeError);
    await expect(adamWStep(parameters, state, { ...update, gradients: [], step: 1 })).rejects.toThrow(RangeError);
  });
});
