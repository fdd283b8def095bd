import type { TrainConfig } from '../train-config.ts';
import type { TrainEvent } from '../train-event.ts';
import type { TrainOptions } from '../train-options.ts';
import { type BigramModelOptions, createBigramModel } from './bigram-model.ts';
import { toyBatches } from './toy-batches.ts';
import { toyConfig } from './toy-config.ts';

/** A run of the bigram model over toy data: options for `train`, the model, and the events as they come. For tests. */
export function createToyRun(changes: Partial<TrainConfig> = {}, model: Partial<BigramModelOptions> = {}) {
  const { vocabulary, dropout } = { vocabulary: 7, dropout: 0.2, ...model };
  const config = { ...toyConfig, ...changes };
  const events: TrainEvent[] = [];
  let milliseconds = 0;
  const options: TrainOptions = {
    model: createBigramModel({ vocabulary, dropout }),
    config,
    configDigest: JSON.stringify(config),
    // Eight micro-batches in windows of three: the last window of an epoch is short.
    batchesOfEpoch: (epoch) => toyBatches({ seed: config.seed + 1 + epoch, count: 8, vocabulary }),
    validation: toyBatches({ seed: 1000, count: 4, vocabulary }),
    checkpointEvery: 2,
    saveCheckpoint: async () => {},
    onEvent: (event) => {
      events.push(event);
    },
    now: () => {
      milliseconds += 250;
      return milliseconds;
    },
    yieldControl: async () => {},
  };
  return { options, model: options.model, events };
}
