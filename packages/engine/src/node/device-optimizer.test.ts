import { afterAll, describe, expect, test } from 'vitest';
import { toMicroBatches } from '../data/micro-batches.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { createLanguageModel } from '../models/language-model.ts';
import {
  frozenWeights,
  randomExamples,
  scrambled,
  tinyAdapter,
  tinyConfig,
  tinyWeights,
} from '../models/testing/tiny-model.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { adamWDefaults } from '../train/optimizer/adamw.ts';
import { train } from '../train/trainer.ts';
import type { StepEvent } from '../train/train-event.ts';
import { reasonToSkipWebGpu } from './testing/graphics-adapter.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

const config = tinyConfig('qwen2');
const adapter = tinyAdapter(config);
const spec = { config, weights: frozenWeights(tinyWeights(config)), trainable: new Map(), adapter };
const examples = randomExamples([5, 3, 4, 2, 6, 3, 7, 2, 4], config.vocabularySize);
const course = {
  seed: 1,
  accumulationSteps: 2,
  learningRate: 0.01,
  schedule: 'cosine',
  warmup: { steps: 2 },
  maxSteps: 6,
  epochs: null,
  maxGradientNorm: 3,
  adamW: adamWDefaults,
  evaluateEvery: 2,
  earlyStop: { patience: 5, minDelta: 0 },
} as const;

interface Trained {
  readonly checkpoints: readonly Checkpoint[];
  readonly steps: readonly StepEvent[];
  readonly losses: readonly number[];
}

/** Six steps, or those that a checkpoint leaves, of one or two micro-batches, some clipped and some not. */
async function trained(runtime: Runtime, checkpoint?: Checkpoint): Promise<Trained> {
  const parameters = scrambled(createAdapterParameters(adapter, config, 1));
  const model = createLanguageModel(runtime, { spec, parameters, dropout: 0.2, threads: 1 });
  const [checkpoints, steps, losses]: [Checkpoint[], StepEvent[], number[]] = [[], [], []];
  await train({
    model,
    config: course,
    configDigest: 'test',
    batchesOfEpoch: (epoch) =>
      toMicroBatches(examples, { batch: 1, length: 12, packing: 'rows', shuffle: { seed: 1, epoch } }),
    validation: toMicroBatches(examples.slice(0, 2), { batch: 2, length: 12, packing: 'none', shuffle: null }),
    checkpointEvery: 1,
    async saveCheckpoint({ state, tensors }) {
      checkpoints.push({ state, tensors: tensors.map((tensor) => ({ ...tensor, data: tensor.data.slice() })) });
    },
    onEvent(event) {
      if (event.type === 'step') steps.push(event);
      if (event.type === 'evaluation') losses.push(event.loss);
    },
    now: () => 0,
    yieldControl: async () => {},
    ...(checkpoint && { checkpoint }),
  });
  await model.release();
  return { checkpoints, steps, losses };
}

function expectNear(found: Trained, expected: Trained): void {
  const [last, other] = [found.checkpoints.at(-1)!, expected.checkpoints.at(-1)!];
  expect(last.tensors.map(({ name }) => name)).toEqual(other.tensors.map(({ name }) => name));
  for (const [i, { name, data }] of last.tensors.entries()) {
    expect(relativeDistance(data, other.tensors[i]!.data), name).toBeLessThan(1e-4);
  }
  const numbers = ({ steps, losses }: Trained) => [
    ...steps.flatMap(({ step, loss, gradientNorm }) => [step, loss, gradientNorm]),
    ...losses,
  ];
  const relative = numbers(found).map((x, i) => Math.abs(x / numbers(expected)[i]! - 1));
  expect(Math.max(...relative)).toBeLessThan(1e-4);
}

const reason = await reasonToSkipWebGpu();

describe.skipIf(reason !== null)(`steps on WebGPU${reason === null ? '' : `, skipped: ${reason}`}`, () => {
  const [cpu, webgpu] = [createWorkerRuntime('cpu'), createWorkerRuntime('webgpu')];
  afterAll(() => Promise.all([cpu.close(), webgpu.close()]));

  test('are the CPU’s, and either goes on from the other’s checkpoints', async () => {
    const [here, there] = [await trained(webgpu), await trained(cpu)];
    expect(there.steps.some(({ gradientNorm }) => gradientNorm > course.maxGradientNorm)).toBe(true);
    expect(there.steps.some(({ gradientNorm }) => gradientNorm < course.maxGradientNorm)).toBe(true);
    expectNear(here, there);
    const rest = ({ steps, losses, checkpoints }: Trained) => ({
      steps: steps.slice(3),
      losses: losses.slice(1),
      checkpoints,
    });
    expectNear(await trained(cpu, here.checkpoints[2]), rest(there));
    expectNear(await trained(webgpu, there.checkpoints[2]), rest(here));
    const again = await trained(webgpu, here.checkpoints[2]);
    expect(again.checkpoints.at(-1)).toEqual(here.checkpoints.at(-1));
  });
});
