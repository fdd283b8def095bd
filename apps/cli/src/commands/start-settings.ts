import { adamWDefaults, LINEARS } from '@skein/engine';
import type { FineTuneOptions } from '@skein/engine/node';

/** What `skein start` trains with: found by trying on the shipped model and its sample data. */
export const START_SETTINGS = {
  adapter: {
    rank: 16,
    alpha: 32,
    dropout: 0,
    rankStabilized: false,
    targets: Object.keys(LINEARS),
    rankPattern: {},
    alphaPattern: {},
    layers: undefined,
    baseModel: undefined,
  },
  rows: { batch: 8, maxLength: 256, packing: true, overlong: 'error' },
  train: {
    seed: 1,
    accumulationSteps: 1,
    // High beside the usual 2e-4: the model is small, and so is what it has to learn.
    learningRate: 4e-3,
    schedule: 'cosine',
    warmup: { ratio: 0.05 },
    maxSteps: null,
    epochs: 12,
    maxGradientNorm: 1,
    adamW: adamWDefaults,
    evaluateEvery: null,
    earlyStop: null,
  },
  checkpointEvery: 50,
} as const satisfies Pick<FineTuneOptions, 'rows' | 'train' | 'checkpointEvery'> & Record<string, unknown>;
