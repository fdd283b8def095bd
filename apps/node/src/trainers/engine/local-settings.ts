import type { Plan } from '@skein/alliance';
import { adamWDefaults } from '@skein/engine';
import type { LocalMethod, LocalRoundOptions } from '@skein/engine/node';

type Settings = Pick<LocalRoundOptions, 'steps' | 'stretch' | 'rows' | 'train' | 'proximalMu' | 'checkpointEvery'>;

/** Checkpoints in a round: a kill costs at most this share of it. */
const CHECKPOINTS = 20;

/** What a plan's round means to the engine; the same for whoever trains alone or on all data, to compare. */
export function localSettings({ local, rounds }: Plan, round: number, seed: number): Settings {
  const { steps, batch, maxLength, learningRate, schedule, proximalMu } = local;
  return {
    steps,
    stretch: { firstStep: round * steps, totalSteps: rounds * steps },
    rows: { batch, maxLength, packing: 'rows', overlong: 'drop' },
    train: {
      seed,
      accumulationSteps: 1,
      learningRate,
      schedule,
      warmup: { ratio: 0.05 },
      maxGradientNorm: 1,
      adamW: adamWDefaults,
    },
    proximalMu,
    checkpointEvery: Math.max(1, Math.ceil(steps / CHECKPOINTS)),
  };
}

/** The plan's method as the engine knows it; null for custom ones. */
export function localMethod({ method }: Pick<Plan, 'method'>): LocalMethod | null {
  return method.kind === 'custom' ? null : method;
}

/** The seed of the split into training and evaluation: a row's side depends on its content only. */
export const SPLIT_SEED = 0;
