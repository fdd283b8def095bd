import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toMicroBatches } from '../../data/micro-batches.ts';
import type { Graph } from '../../graph/graph.ts';
import { createInterpreter } from '../../interpreter/interpreter-runtime.ts';
import { createAdapterParameters } from '../../lora/adapter-parameters.ts';
import { buildCausalLm, type CausalLmSpec, type CausalLmTask } from '../../models/causal-lm.ts';
import { inverseFrequencies, rotaryAngles } from '../../models/rotary-table.ts';
import {
  frozenWeights,
  randomExamples,
  scrambled,
  type TinyFamily,
  tinyAdapter,
  tinyConfig,
  tinyFamilies,
  tinyWeights,
  trainableWeights,
} from '../../models/testing/tiny-model.ts';
import { createRandom } from '../../random.ts';
import { elementCount, float32, int32, type Tensor, type Tensors } from '../../tensor.ts';
import type { Parameter } from '../../train/differentiable-model.ts';
import type { Runtime } from '../runtime.ts';
import { relativeDistance } from './compare.ts';
import { normalTensor } from './operator-cases.ts';
import type { RuntimeUnderTest } from './runtime-under-test.ts';

const [batch] = toMicroBatches(randomExamples([5, 3, 4, 2, 6], 13), {
  batch: 2,
  length: 12,
  packing: 'rows',
  shuffle: null,
});

const DROPOUT = 0.25;

function tinyParameters(family: TinyFamily, kind: 'lora' | 'full'): { spec: CausalLmSpec; parameters: Parameter[] } {
  const config = tinyConfig(family);
  const weights = tinyWeights(config);
  if (kind === 'full') {
    const spec = { config, weights: new Map(), trainable: trainableWeights(weights), adapter: [] };
    return { spec, parameters: weights };
  }
  const adapter = tinyAdapter(config);
  return {
    spec: { config, weights: frozenWeights(weights), trainable: new Map(), adapter },
    parameters: scrambled(createAdapterParameters(adapter, config, 4)),
  };
}

function keepMask(dims: readonly number[], stream: number): Tensor {
  const random = createRandom(6, stream);
  const data = Uint8Array.from({ length: elementCount(dims) }, () => (random.uniform() < DROPOUT ? 0 : 1));
  return { type: 'bool', dims, data };
}

/** Loss and gradients of a tiny model on packed rows with padding; LoRA with dropout. */
export function tinyLoss(family: TinyFamily, kind: 'lora' | 'full'): { graph: Graph; feeds: Tensors } {
  const { spec, parameters } = tinyParameters(family, kind);
  const { batch: rows, length, inputIds, segments, positions, targets } = batch!;
  const dropout = kind === 'lora' ? DROPOUT : 0;
  const graph = buildCausalLm(spec, { kind: 'loss', batch: rows, length, gradients: true, dropout });
  const masks = graph.inputs.filter(({ type }) => type === 'bool');
  const feeds = {
    ...Object.fromEntries(parameters.map(({ name, dims, data }) => [name, float32(dims, data)])),
    ...Object.fromEntries(masks.map(({ name, dims }, i) => [name, keepMask(dims.map(Number), i)])),
    ids: int32([rows * length], inputIds),
    segments: int32([rows, length], segments),
    ...rotaryAngles(inverseFrequencies(spec.config), positions, rows),
    targets: int32(
      [rows * length],
      targets.map((target) => Math.max(0, target)),
    ),
    weights: float32(
      [rows * length, 1],
      Float32Array.from(targets, (target) => (target < 0 ? 0 : 0.1)),
    ),
  };
  return { graph, feeds };
}

/** Two new tokens for each of two rows, on a cache of three. */
function tinyGeneration(family: TinyFamily): { graph: Graph; feeds: Tensors } {
  const { spec, parameters } = tinyParameters(family, 'lora');
  const task: CausalLmTask = { kind: 'generate', batch: 2 };
  const graph = buildCausalLm(spec, task);
  const { kvHeads, headSize } = spec.config;
  const past = graph.inputs.filter(({ name }) => name.startsWith('past.'));
  const feeds = {
    ...Object.fromEntries(parameters.map(({ name, dims, data }) => [name, float32(dims, data)])),
    ...Object.fromEntries(past.map(({ name }, i) => [name, normalTensor([2, kvHeads, 3, headSize], i)])),
    ids: int32([4], Int32Array.of(1, 12, 0, 5)),
    ...rotaryAngles(inverseFrequencies(spec.config), Int32Array.of(3, 4, 2, 3), 2),
    bias: normalTensor([2, 1, 2, 5], 50),
    last: int32([2], Int32Array.of(1, 3)),
  };
  return { graph, feeds };
}

export function describeModels({ create, model: limit }: RuntimeUnderTest): void {
  describe('whole models equal the interpreter', () => {
    let runtime: Runtime;
    const reference = createInterpreter();
    beforeAll(() => {
      runtime = create();
    });
    afterAll(() => runtime.close());

    async function expectEqualResults({ graph, feeds }: { graph: Graph; feeds: Tensors }): Promise<void> {
      const [session, expected] = [await runtime.createSession(graph), await reference.createSession(graph)];
      const [results, references] = [await session.run(feeds), await expected.run(feeds)];
      await session.release();
      expect(Object.keys(results).sort()).toEqual(graph.outputs.map(({ name }) => name).sort());
      for (const [name, tensor] of Object.entries(references)) {
        expect(results[name]?.dims, name).toEqual(tensor.dims);
        const distance = relativeDistance(results[name]!.data as Float32Array, tensor.data as Float32Array);
        expect(distance, name).toBeLessThanOrEqual(limit);
      }
    }

    test.each(tinyFamilies)('loss and gradients of %s, every weight trained', async (family) => {
      await expectEqualResults(tinyLoss(family, 'full'));
    });
    test.each(tinyFamilies)('loss and gradients of %s, LoRA with dropout', async (family) => {
      await expectEqualResults(tinyLoss(family, 'lora'));
    });
    test.each(tinyFamilies)('logits and cache of %s while it generates', async (family) => {
      await expectEqualResults(tinyGeneration(family));
    });
  });
}
