import { parseArgs } from 'node:util';
import { estimateTraining, trainingFlops } from '@skein/engine';
import { arbitraryBatch, trainOnBatch, type TrainingMode } from '@skein/engine/node';
import { openLoraModel } from './lora-model.ts';
import { processMemory } from './process-memory.ts';

/** One point of training-curves.ts in a process of its own; prints a line of JSON. */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    mode: { type: 'string', default: 'int8' },
    memory: { type: 'string', default: 'fast' },
    layers: { type: 'string', default: '6' },
    batch: { type: 'string', default: '1' },
    length: { type: 'string', default: '512' },
    rank: { type: 'string', default: '16' },
    steps: { type: 'string', default: '3' },
  },
});
const [layers, batch, length, rank, steps] = [
  values.layers,
  values.batch,
  values.length,
  values.rank,
  values.steps,
].map(Number) as [number, number, number, number, number];
const memory = values.memory === 'low' ? 'low' : 'fast';
const how = { mode: values.mode as TrainingMode, rank, layers, recompute: memory === 'low' };
const { model, close } = await openLoraModel(values.model, 2, how);
const { spec } = model;
const trainableElements = model.parameters.reduce((sum, { data }) => sum + data.length, 0);
const estimate = estimateTraining(spec, { batch, length, dropout: 0, memory, trainableElements });
const ends: number[] = [];
await trainOnBatch(model, arbitraryBatch({ batch, length, vocabulary: spec.config.vocabularySize }), {
  // The first opens files and the session.
  steps: steps + 1,
  onEvent(event) {
    if (event.type === 'step') ends.push(performance.now());
  },
});
const { anonymousBytes, peakBytes } = processMemory();
console.log(
  JSON.stringify({
    mode: how.mode,
    memory,
    layers,
    batch,
    length,
    rank,
    stepSeconds: ends.slice(1).map((end, i) => (end - (ends[i] as number)) / 1000),
    flops: trainingFlops(spec.config, spec.adapter, { batch, length }),
    anonymousBytes,
    peakBytes,
    estimate,
  }),
);
await close();
