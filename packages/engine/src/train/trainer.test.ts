import { BaseError } from '@skein/core';
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from './checkpoint.ts';
import type { DifferentiableModel } from './differentiable-model.ts';
import { createToyRun } from './testing/toy-run.ts';
import type { TrainEvent } from './train-event.ts';
import type { TrainOptions } from './train-options.ts';
import { train } from './trainer.ts';
import { validationLoss } from './validation-loss.ts';

/** What a store keeps of a borrowed checkpoint. */
function copyOf(checkpoint: Checkpoint): Checkpoint {
  return structuredClone(checkpoint);
}

function bytesOf(model: DifferentiableModel): string {
  return model.parameters.map(({ data }) => Buffer.from(data.buffer).toString('hex')).join();
}

/** Events without the clock's part. */
function timeless(events: readonly TrainEvent[]): unknown[] {
  return events.map((event) => ({ ...event, tokensPerSecond: undefined, secondsLeft: undefined }));
}

function recorded(events: readonly TrainEvent[]): unknown[] {
  return timeless(events.filter((event) => event.type === 'step' || event.type === 'evaluation'));
}

async function errorOf(promise: Promise<unknown>): Promise<BaseError> {
  const error = await promise.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(BaseError);
  return error as BaseError;
}

describe('train', () => {
  test('learns, and tells every step, evaluation and checkpoint in order', async () => {
    const { options, model, events } = createToyRun({ earlyStop: null });
    const before = await validationLoss(model, options.validation!);
    const result = await train(options);
    expect(result).toMatchObject({ status: 'complete', step: 9, totalSteps: 9, parametersOfStep: 9 });
    expect(result.lastEvaluation!.loss).toBeLessThan(before!.loss * 0.9);
    expect(result.lastEvaluation!.loss).toBe((await validationLoss(model, options.validation!))!.loss);
    const told = events.map(({ type, step }) => `${type} ${step}`).join(', ');
    expect(told).toBe(
      'start 0, step 1, step 2, checkpoint 2, step 3, step 4, evaluation 4, checkpoint 4, step 5, step 6, checkpoint 6, ' +
        'step 7, step 8, evaluation 8, checkpoint 8, step 9, evaluation 9, checkpoint 9, end 9',
    );
    const epochs = events.flatMap((event) => (event.type === 'step' ? [event.epoch] : []));
    expect(epochs).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
  });

  test('measures speed and time left with the clock it was given', async () => {
    const { options, events } = createToyRun({ earlyStop: null, evaluateEvery: null });
    await train(options);
    const first = events.find((event) => event.type === 'step')!;
    // Every reading of the clock is 250 ms after the one before: start, step begins, step ends.
    expect(first.tokensPerSecond).toBe(first.tokens / 0.25);
    expect(first.secondsLeft).toBe(8 * 0.5);
    expect(events.findLast((event) => event.type === 'step')!.secondsLeft).toBe(0);
  });

  test('weighs every labelled token of a window alike, however the window is cut', async () => {
    // One epoch of eight micro-batches of different lengths: once as one window of eight, once merged in pairs.
    const oneStep = { epochs: 1, warmup: { steps: 0 }, earlyStop: null };
    const whole = createToyRun({ ...oneStep, accumulationSteps: 8 }, { dropout: 0 });
    await train(whole.options);
    const merged = createToyRun({ ...oneStep, accumulationSteps: 4 }, { dropout: 0 });
    const pairs = (epoch: number) => {
      const batches = whole.options.batchesOfEpoch(epoch);
      return [0, 2, 4, 6].map((i) => concatenated(batches[i]!, batches[i + 1]!));
    };
    await train({ ...merged.options, batchesOfEpoch: pairs });
    for (const [index, { data }] of whole.model.parameters.entries()) {
      const other = merged.model.parameters[index]!.data;
      // atol 1e-6: the same sum in another order of float32 additions.
      for (const [i, value] of data.entries()) expect(Math.abs(value - other[i]!)).toBeLessThanOrEqual(1e-6);
    }
    const step = whole.events.find((event) => event.type === 'step')!;
    expect(step.loss).toBeCloseTo(Math.log(7), 12);
  });

  test('takes another path with another seed of dropout, and the same with the same', async () => {
    const run = async (seed: number) => {
      const { options, model } = createToyRun({ seed });
      const batchesOfEpoch = createToyRun().options.batchesOfEpoch;
      await train({ ...options, batchesOfEpoch });
      return bytesOf(model);
    };
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });

  test('stops early and gives back the best parameters', async () => {
    const changes = { earlyStop: { patience: 2, minDelta: 0 }, evaluateEvery: 1, learningRate: 3, epochs: 20 };
    const { options, model } = createToyRun(changes);
    const result = await train(options);
    expect(result.status).toBe('early-stopped');
    expect(result.step).toBe(result.bestEvaluation!.step + 2);
    expect(result.parametersOfStep).toBe(result.bestEvaluation!.step);
    expect(result.lastEvaluation!.loss).toBeGreaterThan(result.bestEvaluation!.loss);
    expect((await validationLoss(model, options.validation!))!.loss).toBe(result.bestEvaluation!.loss);
  });
});

test('what the store throws ends the run', async () => {
  const { options, events } = createToyRun();
  const saveCheckpoint = async () => {
    throw new BaseError('engine/disk-full', 'The disk is full.');
  };
  expect((await errorOf(train({ ...options, saveCheckpoint }))).code).toBe('engine/disk-full');
  expect(events.at(-1)).toMatchObject({ type: 'step', step: 2 });
});

describe('resume', () => {
  test('from every checkpoint of a run ends with the same bytes and the same events', async () => {
    const whole = createToyRun();
    const saved: Checkpoint[] = [];
    const saveCheckpoint = async (checkpoint: Checkpoint) => {
      saved.push(copyOf(checkpoint));
    };
    const result = await train({ ...whole.options, checkpointEvery: 1, saveCheckpoint });
    expect(saved.map(({ state }) => state.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const checkpoint of saved) {
      const rest = createToyRun();
      expect(await train({ ...rest.options, checkpoint })).toEqual(result);
      expect(bytesOf(rest.model)).toBe(bytesOf(whole.model));
      const before = recorded(whole.events).length - recorded(rest.events).length;
      expect(recorded(rest.events)).toEqual(recorded(whole.events).slice(before));
    }
  });

  test('an abort at any event saves a checkpoint from which the run ends as if undisturbed', async () => {
    const whole = createToyRun();
    const result = await train(whole.options);
    for (const [stopAt, event] of whole.events.entries()) {
      if (event.type === 'end') continue;
      const abort = new AbortController();
      const first = createToyRun();
      let last: Checkpoint | null = null;
      const status = await train({
        ...first.options,
        signal: abort.signal,
        onEvent: (one) => {
          first.events.push(one);
          if (first.events.length === stopAt + 1) abort.abort();
        },
        saveCheckpoint: async (checkpoint) => {
          last = copyOf(checkpoint);
        },
      });
      const second = createToyRun();
      expect(await train({ ...second.options, checkpoint: last })).toEqual(result);
      expect(bytesOf(second.model)).toBe(bytesOf(whole.model));
      expect([...recorded(first.events), ...recorded(second.events)]).toEqual(recorded(whole.events));
      expect(status.status).toBe(event.step === 9 && event.type !== 'step' ? 'complete' : 'interrupted');
    }
  });

  test('refuses a checkpoint of another configuration or another model', async () => {
    const { options } = createToyRun();
    let checkpoint: Checkpoint | null = null;
    await train({
      ...options,
      saveCheckpoint: async (one) => {
        checkpoint ??= copyOf(one);
      },
    });
    const other = createToyRun({ learningRate: 0.2 });
    expect((await errorOf(train({ ...other.options, checkpoint }))).code).toBe('train/other-config');
    const wider = createToyRun({}, { vocabulary: 8 });
    const error = await errorOf(train({ ...wider.options, checkpoint }));
    expect(error.code).toBe('train/checkpoint-mismatch');
    expect(error.message).toContain('m/weight: its shape is [7, 7], the model');
  });
});

describe('non-finite numbers', () => {
  /** Runs until the fault and returns the error, with all that was saved. */
  async function failingRun(model: (toy: DifferentiableModel) => DifferentiableModel, learningRate = 0.1) {
    const { options } = createToyRun({ learningRate, warmup: { steps: 0 } });
    const saved: Checkpoint[] = [];
    const saveCheckpoint = async (checkpoint: Checkpoint) => {
      saved.push(copyOf(checkpoint));
    };
    const error = await errorOf(train({ ...options, model: model(options.model), checkpointEvery: 1, saveCheckpoint }));
    const values = saved.flatMap(({ tensors }) => tensors.flatMap(({ data }) => [...data]));
    return { error, steps: saved.map(({ state }) => state.step), allFinite: values.every(Number.isFinite) };
  }

  test('a loss stops the run before it is saved, with step and micro-batch', async () => {
    // Windows of an epoch of eight hold 3, 3 and 2 micro-batches: the eighth is the second of step 3.
    const failing = await failingRun((toy) => afterCalls(toy, 7, () => ({ lossSum: Number.NaN })));
    expect(failing.error.code).toBe('train/non-finite');
    expect(failing.error.message).toContain('The loss of micro-batch 2 of 2 is not a finite number at step 3');
    expect(failing).toMatchObject({ steps: [1, 2], allFinite: true });
  });

  test('a gradient stops the run and is named', async () => {
    const failing = await failingRun((toy) =>
      afterCalls(toy, 7, (lossSum, gradients) => {
        gradients[1]![3] = Number.POSITIVE_INFINITY;
        return { lossSum };
      }),
    );
    expect(failing.error.code).toBe('train/non-finite');
    expect(failing.error.info).toEqual({ step: 3, parameter: 'bias' });
    expect(failing).toMatchObject({ steps: [1, 2], allFinite: true });
  });

  test('an update that overflows stops the run before anything is saved', async () => {
    const failing = await failingRun((toy) => toy, 1e39);
    expect(failing.error.message).toContain('The updated parameter weight is not a finite number at step 1');
    expect(failing.steps).toEqual([]);
  });

  test('a validation loss stops the run', async () => {
    const failing = await failingRun((toy) => ({ ...toy, loss: async () => ({ lossSum: Number.NaN }) }));
    expect(failing.error.message).toContain('The validation loss is not a finite number at step 4');
    expect(failing).toMatchObject({ steps: [1, 2, 3], allFinite: true });
  });
});

describe('bad options', () => {
  test.each<[string, (options: TrainOptions) => Partial<TrainOptions>]>([
    ['neither steps nor epochs', ({ config }) => ({ config: { ...config, maxSteps: null, epochs: null } })],
    ['early stop without validation data', () => ({ validation: [] })],
    ['early stop without an interval', ({ config }) => ({ config: { ...config, evaluateEvery: null } })],
    ['checkpoints every 0 steps', () => ({ checkpointEvery: 0 })],
    ['no data', () => ({ batchesOfEpoch: () => [] })],
  ])('refuses %s', async (_, change) => {
    const { options } = createToyRun();
    await expect(train({ ...options, ...change(options) })).rejects.toThrow(RangeError);
  });
});

type Batch = ReturnType<TrainOptions['batchesOfEpoch']>[number];

/** Two micro-batches as one of single-row length; the bigram model looks at positions one by one. */
function concatenated(a: Batch, b: Batch): Batch {
  const join = (one: Int32Array, two: Int32Array) => Int32Array.of(...one, ...two);
  return {
    batch: 1,
    length: a.inputIds.length + b.inputIds.length,
    inputIds: join(a.inputIds, b.inputIds),
    positions: join(a.positions, b.positions),
    segments: join(a.segments, b.segments),
    targets: join(a.targets, b.targets),
    targetCount: a.targetCount + b.targetCount,
  };
}

/** The model, whose gradients are changed from the n-th micro-batch on. */
function afterCalls(
  model: DifferentiableModel,
  calls: number,
  change: (lossSum: number, gradients: readonly Float32Array[]) => { lossSum: number },
): DifferentiableModel {
  let count = 0;
  return {
    ...model,
    async accumulateGradients(batch, lossWeight, gradients, randomSeed) {
      const { lossSum } = await model.accumulateGradients(batch, lossWeight, gradients, randomSeed);
      return count++ < calls ? { lossSum } : change(lossSum, gradients);
    },
  };
}
