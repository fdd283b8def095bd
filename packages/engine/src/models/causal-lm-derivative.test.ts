import { expect, test } from 'vitest';
import { toMicroBatches } from '../data/micro-batches.ts';
import { boolArray, int32Array } from '../graph/testing/arrays.ts';
import { gradientFaults } from '../graph/testing/finite-differences.ts';
import type { ArrayValue } from '../interpreter/array-value.ts';
import { fromTensor } from '../interpreter/interpreter-runtime.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { float32 } from '../tensor.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import { buildCausalLm, type CausalLmSpec } from './causal-lm.ts';
import { inverseFrequencies, rotaryAngles } from './rotary-table.ts';
import {
  frozenWeights,
  randomExamples,
  scrambled,
  tinyAdapter,
  tinyConfig,
  tinyFamilies,
  tinyWeights,
  trainableWeights,
} from './testing/tiny-model.ts';

// Two rows, three examples in one and two in the other, with padding after them.
const [batch] = toMicroBatches(randomExamples([4, 3, 2, 4, 3], 13), {
  batch: 2,
  length: 9,
  packing: 'rows',
  shuffle: null,
  bucket: 10,
});

/** Gradients of a whole model, from ids to loss, against central differences in float64. */
function modelFaults(spec: CausalLmSpec, parameters: readonly Parameter[], dropout: number): string[] {
  const { batch: rows, length } = batch!;
  const shape = { kind: 'loss', batch: rows, length } as const;
  const gradients = buildCausalLm(spec, { ...shape, gradients: true, dropout });
  // Dropout is part of the function that is differentiated, but only the graph with gradients has it.
  const loss = dropout > 0 ? withoutGradients(gradients) : buildCausalLm(spec, { ...shape, gradients: false, dropout });
  const masks = gradients.inputs.filter(({ type }) => type === 'bool');
  expect(masks).toHaveLength(dropout > 0 ? spec.adapter.length : 0);
  return gradientFaults(
    { loss, gradients },
    {
      variables: Object.fromEntries(parameters.map((p) => [p.name, fromTensor(float32(p.dims, p.data))])),
      constants: {
        ...inputsOf(batch!, spec),
        ...Object.fromEntries(masks.map(({ name, dims }, i) => [name, boolArray(dims.map(Number), 1 - dropout, i)])),
      },
      samples: 2,
    },
  );
}

function withoutGradients(graph: ReturnType<typeof buildCausalLm>): ReturnType<typeof buildCausalLm> {
  return { ...graph, outputs: graph.outputs.filter(({ name }) => name === 'loss') };
}

function inputsOf({ batch: rows, length, ...one }: MicroBatch, spec: CausalLmSpec): Record<string, ArrayValue> {
  const { cos, sin } = rotaryAngles(inverseFrequencies(spec.config), one.positions, rows);
  return {
    ids: int32Array([rows * length], [...one.inputIds]),
    segments: int32Array([rows, length], [...one.segments]),
    cos: fromTensor(cos),
    sin: fromTensor(sin),
    targets: int32Array(
      [rows * length],
      Array.from(one.targets, (target) => Math.max(0, target)),
    ),
    weights: {
      type: 'float32',
      dims: [rows * length, 1],
      data: Float64Array.from(one.targets, (target) => (target < 0 ? 0 : 1 / one.targetCount)),
    },
  };
}

test('the batch has packed rows, padding and positions that do not count', () => {
  expect(batch!.batch).toBe(2);
  expect(new Set(batch!.segments)).toEqual(new Set([0, 1, 2, 3]));
  expect(batch!.targetCount).toBeGreaterThan(5);
});

test.each(tinyFamilies)('full fine-tuning of %s', (family) => {
  const config = tinyConfig(family);
  const weights = tinyWeights(config);
  const spec = { config, weights: new Map(), trainable: trainableWeights(weights), adapter: [] };
  expect(modelFaults(spec, weights, 0)).toEqual([]);
});

test.each([
  ...tinyFamilies.map((family) => ({ family, dropout: 0 })),
  // The mask sits inside each linear, so one family shows it.
  { family: 'qwen3' as const, dropout: 0.3 },
])('LoRA on every linear of $family at dropout $dropout', ({ family, dropout }) => {
  const config = tinyConfig(family);
  const adapter = tinyAdapter(config);
  const parameters = scrambled(createAdapterParameters(adapter, config, 1));
  const spec = { config, weights: frozenWeights(tinyWeights(config)), trainable: new Map(), adapter };
  expect(modelFaults(spec, parameters, dropout)).toEqual([]);
});

test('FFA-LoRA: A is no input, B has the derivative', () => {
  const config = tinyConfig('qwen3');
  const adapter = tinyAdapter(config);
  const all = scrambled(createAdapterParameters(adapter, config, 1));
  const isA = ({ name }: Parameter) => name.endsWith('lora_A.weight');
  const trained = all.filter((parameter) => !isA(parameter));
  expect(trained).toHaveLength(all.length / 2);
  const weights = frozenWeights([...tinyWeights(config), ...all.filter(isA)]);
  expect(modelFaults({ config, weights, trainable: new Map(), adapter }, trained, 0)).toEqual([]);
});
