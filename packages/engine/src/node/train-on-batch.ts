import type { DifferentiableModel, MicroBatch } from '../train/differentiable-model.ts';
import { adamWDefaults } from '../train/optimizer/adamw.ts';
import type { TrainConfig } from '../train/train-config.ts';
import type { TrainEvent } from '../train/train-event.ts';
import { train } from '../train/trainer.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** Steps as measurements take them: one batch each, clipping, AdamW at a constant rate. */
export const MEASURED_COURSE: TrainConfig = {
  seed: 1,
  accumulationSteps: 1,
  learningRate: 1e-4,
  schedule: 'constant',
  warmup: { steps: 0 },
  maxSteps: null,
  epochs: null,
  maxGradientNorm: 1,
  adamW: adamWDefaults,
  evaluateEvery: null,
  earlyStop: null,
};

export interface TrainOnBatchOptions {
  /** Until `signal` is aborted where left out. */
  readonly steps?: number;
  readonly learningRate?: number;
  readonly onEvent: (event: TrainEvent) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** Takes whole steps of the trainer on the same batch, to measure them; saves nothing. */
export async function trainOnBatch(
  model: DifferentiableModel,
  batch: MicroBatch,
  { steps, learningRate = MEASURED_COURSE.learningRate, onEvent, signal }: TrainOnBatchOptions,
): Promise<void> {
  await train({
    model,
    config: { ...MEASURED_COURSE, learningRate, maxSteps: steps ?? Number.MAX_SAFE_INTEGER },
    configDigest: 'measurement',
    batchesOfEpoch: () => [batch],
    checkpointEvery: null,
    saveCheckpoint: async () => {},
    onEvent,
    now: () => performance.now(),
    yieldControl: yieldToEventLoop,
    ...(signal && { signal }),
  });
}
