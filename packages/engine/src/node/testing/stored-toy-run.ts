import { setImmediate } from 'node:timers/promises';
import { createToyRun } from '../../train/testing/toy-run.ts';
import type { TrainConfig } from '../../train/train-config.ts';
import type { TrainEvent } from '../../train/train-event.ts';
import { type TrainResult, train } from '../../train/trainer.ts';
import { openRunStore } from '../run-store.ts';

export interface StoredToyRunOptions {
  readonly directory: string;
  readonly resume: boolean;
  readonly changes?: Partial<TrainConfig>;
  readonly vocabulary?: number;
  readonly onEvent?: (event: TrainEvent) => void | Promise<void>;
}

/** Trains the toy model in a run directory, a checkpoint at every step, to its end. For tests. */
export async function storedToyRun(options: StoredToyRunOptions) {
  const { directory, resume, changes = {}, vocabulary = 7, onEvent = () => {} } = options;
  const toy = createToyRun(changes, { vocabulary });
  const store = await openRunStore({ directory, config: toy.options.config, resume });
  try {
    const result: TrainResult = await train({
      ...toy.options,
      configDigest: store.configDigest,
      checkpoint: store.checkpoint,
      checkpointEvery: 1,
      saveCheckpoint: store.saveCheckpoint,
      yieldControl: () => setImmediate(),
      onEvent: async (event) => {
        await store.recordEvent(event);
        await onEvent(event);
      },
    });
    return { result, model: toy.model };
  } finally {
    await store.close();
  }
}
