import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { initializeWeights } from '../models/initialize-weights.ts';
import { parseModelConfig } from '../models/model-config.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import { writeModelFolder } from './write-model-folder.ts';

/** Sizes of a model of Qwen2.5's kind; the rest of its config.json is Qwen2.5-0.5B's. */
export interface ModelShape {
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
}

/** Qwen2.5-0.5B. */
export const HALF_BILLION: ModelShape = {
  layers: 24,
  hidden: 896,
  intermediate: 4864,
  heads: 14,
  kvHeads: 2,
  vocabulary: 151_936,
};

/** Factor of the outlying channels, and how many there are: what trained models show, in the extreme. */
const OUTLIERS = { factor: 30, count: 4 } as const;

export interface RandomModelOptions {
  readonly shape: ModelShape;
  /** Four channels of every norm but the last count 30 times. */
  readonly outliers: boolean;
}

/**
 * A model folder with random weights in float32 (normal, deviation 0.02; norms and biases vary by 0.1), made below
 * `parent` on first use.
 * @returns its path
 */
export async function randomModelFolder(parent: string, { shape, outliers }: RandomModelOptions): Promise<string> {
  const { layers, hidden, intermediate, heads, kvHeads, vocabulary } = shape;
  const sizes = [layers, hidden, intermediate, heads, kvHeads, vocabulary].join('-');
  const path = join(parent, `${outliers ? 'outliers' : 'plain'}-${sizes}`);
  // config.json is written last.
  if (existsSync(join(path, 'config.json'))) return path;
  const rawConfig = configOf(shape);
  const weights = initializeWeights(parseModelConfig(rawConfig, 'the shape'), { standardDeviation: 0.02, seed: 1 });
  const parameters = weights.map((parameter) =>
    parameter.dims.length === 1 ? varied(parameter, outliers) : parameter,
  );
  await writeModelFolder(path, { rawConfig, parameters, dtype: 'F32' });
  return path;
}

function configOf(shape: ModelShape): Record<string, unknown> {
  return {
    architectures: ['Qwen2ForCausalLM'],
    dtype: 'float32',
    hidden_act: 'silu',
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    max_position_embeddings: 32_768,
    model_type: 'qwen2',
    num_attention_heads: shape.heads,
    num_hidden_layers: shape.layers,
    num_key_value_heads: shape.kvHeads,
    rms_norm_eps: 1e-6,
    rope_parameters: { rope_theta: 1_000_000, rope_type: 'default' },
    tie_word_embeddings: true,
    vocab_size: shape.vocabulary,
  };
}

/** A norm or bias as it might be after training; deterministic by its place. */
function varied({ name, dims, data }: Parameter, outliers: boolean): Parameter {
  const changed = data.map((value, i) => value + 0.1 * Math.sin(12.9898 * i + name.length));
  if (outliers && name.includes('layernorm')) {
    const step = Math.floor(data.length / OUTLIERS.count);
    for (let i = 0; i < OUTLIERS.count; i++) {
      const channel = i * step + Math.floor(step / 3);
      changed[channel] = (changed[channel] as number) * OUTLIERS.factor;
    }
  }
  return { name, dims, data: changed };
}
