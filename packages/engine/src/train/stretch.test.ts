import { describe, expect, test } from 'vitest';
import { addProximalTerm } from './proximal-term.ts';
import { adamWDefaults } from './optimizer/adamw.ts';
import { createToyRun } from './testing/toy-run.ts';
import type { Checkpoint } from './checkpoint.ts';
import { train } from './trainer.ts';

const lone = { earlyStop: null, evaluateEvery: null } as const;

describe('a stretch of a longer run', () => {
  test('has its data, learning rates and dropout: without memory in AdamW, stretches in turn are the long run', async () => {
    const config = { ...lone, adamW: { ...adamWDefaults, beta1: 0, beta2: 0 } };
    const long = createToyRun(config);
    await train(long.options);
    // Nine steps over three epochs; the stretches begin within and at the start of epochs.
    const { model } = createToyRun(config);
    for (const [firstStep, steps] of [
      [0, 4],
      [4, 2],
      [6, 3],
    ] as const) {
      const part = createToyRun({ ...config, epochs: null, maxSteps: steps });
      const result = await train({ ...part.options, model, stretch: { firstStep, totalSteps: 9 } });
      expect(result).toMatchObject({ status: 'complete', step: steps, totalSteps: steps });
    }
    expect(model.parameters).toEqual(long.model.parameters);
  });
});

describe('the proximal term', () => {
  test('has the gradient of mu/2·‖w − centre‖²', () => {
    const gradient = Float32Array.of(1, -2);
    addProximalTerm([gradient], [Float32Array.of(3, 5)], { mu: 0.5, center: [Float32Array.of(1, 9)] });
    expect([...gradient]).toEqual([2, -4]);
    expect(() => addProximalTerm([gradient], [gradient], { mu: 1, center: [] })).toThrow(RangeError);
  });

  test('keeps the parameters near the centre, also over a resume', async () => {
    const run = async (mu: number, resumeFrom: number | null) => {
      const first = createToyRun({ ...lone, learningRate: 0.3 });
      const center = first.model.parameters.map(({ data }) => data.slice());
      const proximal = { mu, center };
      const saved: Checkpoint[] = [];
      const saveCheckpoint = async (checkpoint: Checkpoint) => void saved.push(structuredClone(checkpoint));
      await train({ ...first.options, proximal, saveCheckpoint });
      if (resumeFrom === null) return distance(first.model.parameters, center);
      const again = createToyRun({ ...lone, learningRate: 0.3 });
      const checkpoint = saved.find(({ state }) => state.step === resumeFrom)!;
      await train({ ...again.options, proximal, checkpoint });
      return distance(again.model.parameters, center);
    };
    expect(await run(1, null)).toBeLessThan(0.9 * (await run(0, null)));
    expect(await run(1, 4)).toBe(await run(1, null));
  });
});

function distance(parameters: readonly { readonly data: Float32Array }[], center: readonly Float32Array[]): number {
  let sum = 0;
  for (const [index, { data }] of parameters.entries()) {
    for (const [i, value] of data.entries()) sum += (value - center[index]![i]!) ** 2;
  }
  return Math.sqrt(sum);
}
