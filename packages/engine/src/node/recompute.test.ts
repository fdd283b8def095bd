import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toMicroBatches } from '../data/micro-batches.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { graphMemory } from '../graph/graph-memory.ts';
import { buildCausalLm, type CausalLmSpec } from '../models/causal-lm.ts';
import { createLanguageModel } from '../models/language-model.ts';
import {
  frozenWeights,
  randomExamples,
  scrambled,
  tinyAdapter,
  tinyConfig,
  tinyFamilies,
  tinyWeights,
  trainableWeights,
} from '../models/testing/tiny-model.ts';
import { elementCount } from '../tensor.ts';
import { relativeDistance } from '../runtime/testing/compare.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import { windowGradients } from '../train/window-gradients.ts';
import { openInt8Cache } from './int8-cache.ts';
import { openModelFolder } from './model-folder.ts';
import { randomModelFolder } from './random-model.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

const runtime = createWorkerRuntime('cpu');
afterAll(() => runtime.close());

interface Trained {
  readonly spec: CausalLmSpec;
  readonly parameters: readonly Parameter[];
  readonly dropout: number;
}

/** Gradients of a window of three micro-batches of packed rows with padding. */
async function gradients({ spec, parameters, dropout }: Trained, recompute: boolean): Promise<Float32Array[]> {
  const examples = randomExamples([5, 3, 4, 2, 6, 3, 7, 2, 4], spec.config.vocabularySize);
  const window = toMicroBatches(examples, { batch: 1, length: 12, packing: 'rows', shuffle: null });
  expect(window.length).toBeGreaterThan(2);
  const model = createLanguageModel(runtime, { spec, parameters, dropout, recompute, threads: 1 });
  const sums = parameters.map(({ data }) => new Float32Array(data.length));
  const accumulate = (...[batch, weight, seed]: [MicroBatch, number, number]) =>
    model.accumulateGradients(batch, weight, sums, seed);
  await windowGradients(accumulate, { window, step: 1, seed: 1 });
  await model.release();
  return sums;
}

async function expectEqualGradients(trained: Trained): Promise<void> {
  const [kept, again] = [await gradients(trained, false), await gradients(trained, true)];
  for (const [index, gradient] of again.entries()) {
    expect(relativeDistance(gradient, kept[index]!), trained.parameters[index]?.name).toBeLessThanOrEqual(1e-6);
  }
}

describe.each(tinyFamilies)('layers of %s that are run again', (family) => {
  const config = tinyConfig(family);

  test.each([0, 0.3])('give the same gradients of LoRA with dropout %s', async (dropout) => {
    const adapter = tinyAdapter(config);
    const parameters = scrambled(createAdapterParameters(adapter, config, 1));
    const spec = { config, weights: frozenWeights(tinyWeights(config)), trainable: new Map(), adapter };
    await expectEqualGradients({ spec, parameters, dropout });
  });

  test('give the same gradients of every weight', async () => {
    const parameters = tinyWeights(config);
    const spec = { config, weights: new Map(), trainable: trainableWeights(parameters), adapter: [] };
    await expectEqualGradients({ spec, parameters, dropout: 0 });
  });
});

describe('in 8 bits', () => {
  // Wide enough that products are cut into parts.
  const shape = { layers: 2, hidden: 64, intermediate: 1536, heads: 4, kvHeads: 2, vocabulary: 512 };
  let parent: string;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'skein-test-'));
  });
  afterAll(() => rm(parent, { recursive: true }));

  test.each([0, 0.3])('layers that are run again give the same gradients with dropout %s', async (dropout) => {
    const folder = await openModelFolder(await randomModelFolder(parent, { shape, outliers: true }));
    const { config, weights } = folder;
    const adapter = tinyAdapter(config);
    const parameters = scrambled(createAdapterParameters(adapter, config, 1)).map((parameter) => ({
      ...parameter,
      data: parameter.data.map((x) => 0.1 * x),
    }));
    const { matrices: quantized } = await openInt8Cache(folder, { levels: 63, threads: 1 });
    await expectEqualGradients({
      spec: { config, weights, trainable: new Map(), adapter, quantized },
      parameters,
      dropout,
    });
  });
});

test('weights of 16 bits are widened once more for a layer that is run again', async () => {
  const { config, weights } = await openModelFolder(join(import.meta.dirname, '../../../../models/skein-small'));
  expect([...weights.values()].every(({ type }) => type === 'bfloat16')).toBe(true);
  const adapter = tinyAdapter(config);
  const parameters = scrambled(createAdapterParameters(adapter, config, 1)).map((parameter) => ({
    ...parameter,
    data: parameter.data.map((x) => 0.1 * x),
  }));
  const spec = { config, weights, trainable: new Map(), adapter };
  await expectEqualGradients({ spec, parameters, dropout: 0 });
  const memoryOf = (recompute: boolean) =>
    graphMemory(buildCausalLm(spec, { kind: 'loss', batch: 1, length: 8, gradients: true, dropout: 0, recompute }));
  const inFloats = 4 * [...weights.values()].reduce((sum, { dims }) => sum + elementCount(dims), 0);
  expect(memoryOf(false).peakBytes).toBeGreaterThan(inFloats);
  expect(memoryOf(true).peakBytes).toBeLessThan(0.6 * inFloats);
});
