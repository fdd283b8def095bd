import type { Initializer } from '../../graph/graph.ts';
import { createRandom } from '../../random.ts';
import type { TokenizedExample } from '../../data/tokenized-example.ts';
import type { Parameter } from '../../train/differentiable-model.ts';
import type { AdapterModule } from '../causal-lm.ts';
import { initializeWeights } from '../initialize-weights.ts';
import { HEAD_PATH, LINEARS, linearPath, type LinearName } from '../weight-names.ts';
import { type ModelConfig, parseModelConfig } from '../model-config.ts';

/** A decoder small enough for the interpreter: two layers, two query heads to each key head, head size ≠ hidden/heads. */
const SHAPE = {
  vocab_size: 13,
  hidden_size: 6,
  intermediate_size: 5,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 4,
  max_position_embeddings: 64,
  rope_parameters: { rope_type: 'default', rope_theta: 100 },
};

const FAMILIES = {
  qwen3: { model_type: 'qwen3', tie_word_embeddings: false },
  qwen2: { model_type: 'qwen2', tie_word_embeddings: true },
  // Every bias that an architecture can have.
  llama: { model_type: 'llama', tie_word_embeddings: false, attention_bias: true, mlp_bias: true },
};

export type TinyFamily = keyof typeof FAMILIES;

export const tinyFamilies = Object.keys(FAMILIES) as TinyFamily[];

/** config.json of a tiny model. */
export function tinyConfigJson(family: TinyFamily, changes: object = {}): Record<string, unknown> {
  return { ...SHAPE, ...FAMILIES[family], ...changes };
}

export function tinyConfig(family: TinyFamily, changes: object = {}): ModelConfig {
  return parseModelConfig(tinyConfigJson(family, changes), 'config.json');
}

/** Random weights in which norms and biases, too, differ from what would hide a fault (1 and 0). */
export function tinyWeights(config: ModelConfig, seed = 1): Parameter[] {
  const random = createRandom(seed, 1000);
  return initializeWeights(config, { standardDeviation: 0.5, seed }).map(({ name, dims, data }) => {
    return { name, dims, data: dims.length === 1 ? data.map((x) => x + 0.3 * random.normal()) : data };
  });
}

export function frozenWeights(weights: readonly Parameter[]): Map<string, Initializer> {
  return new Map(weights.map(({ name, dims, data }) => [name, { name, dims, type: 'float32', source: data }]));
}

export function trainableWeights(weights: readonly Parameter[]): Map<string, readonly number[]> {
  return new Map(weights.map(({ name, dims }) => [name, dims]));
}

/** An adapter on every linear, the head's too, ranks 2 and 3. */
export function tinyAdapter({ layers }: ModelConfig): AdapterModule[] {
  const names = Object.keys(LINEARS) as LinearName[];
  const inLayers = Array.from({ length: layers }, (_, layer) => names.map((name) => linearPath(layer, name))).flat();
  return [...inLayers, HEAD_PATH].map((path, i) => ({ path, rank: 2 + (i % 2), scale: 0.8 }));
}

/** Replaces all numbers by random ones: an adapter as it starts (B zero) has no gradient at A. */
export function scrambled(parameters: readonly Parameter[], seed = 2): Parameter[] {
  const random = createRandom(seed);
  return parameters.map(({ name, dims, data }) => ({ name, dims, data: data.map(() => 0.5 * random.normal()) }));
}

/** Examples of random ids; about two tokens in three count. */
export function randomExamples(lengths: readonly number[], vocabulary: number, seed = 3): TokenizedExample[] {
  const random = createRandom(seed);
  return lengths.map((length, index) => ({
    source: { file: 'random.jsonl', line: index + 1 },
    ids: Int32Array.from({ length }, () => random.below(vocabulary)),
    counted: Uint8Array.from({ length }, (_, t) => (t === length - 1 || (t > 0 && random.below(3) > 0) ? 1 : 0)),
  }));
}
