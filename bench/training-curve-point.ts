import { parseArgs } from 'node:util';
import { adamWDefaults, estimateTraining, train, trainingFlops } from '@skein/engine';
import { type TrainingMode, yieldToEventLoop } from '@skein/engine/node';
import { arbitraryBatch } from './arbitrary-batch.ts';
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
await train({
  model,
  config: {
    seed: 1,
    accumulationSteps: 1,
    learningRate: 1e-4,
    schedule: 'constant',
    warmup: { steps: 0 },
    // The first opens files and the session.
    maxSteps: steps + 1,
    epochs: null,
    maxGradientNorm: 1,
    adamW: adamWDefaults,
    evaluateEvery: null,
    earlyStop: null,
  },
  configDigest: 'bench',
  batchesOfEpoch: () => [arbitraryBatch({ batch, length, vocabulary: spec.config.vocabularySize })],
  checkpointEvery: null,
  saveCheckpoint: async () => {},
  onEvent(event) {
    if (event.type === 'step') ends.push(performance.now());
  },
  now: () => performance.now(),
  yieldControl: yieldToEventLoop,
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
