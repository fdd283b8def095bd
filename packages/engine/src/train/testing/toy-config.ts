import { adamWDefaults } from '../optimizer/adamw.ts';
import type { TrainConfig } from '../train-config.ts';

/** A run that uses every feature of the trainer; tests change what they are about. */
export const toyConfig: TrainConfig = {
  seed: 11,
  accumulationSteps: 3,
  learningRate: 0.1,
  schedule: 'cosine',
  warmup: { steps: 2 },
  maxSteps: null,
  epochs: 3,
  maxGradientNorm: 0.5,
  adamW: adamWDefaults,
  evaluateEvery: 4,
  earlyStop: { patience: 3, minDelta: 0.001 },
};
