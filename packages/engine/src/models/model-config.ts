import { BaseError } from '@skein/core';
import { z } from 'zod';

export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalMaxPositions: number;
    };

/** The shape of a decoder of the Llama and Qwen families, from a Hugging Face config.json. */
export interface ModelConfig {
  readonly family: 'llama' | 'qwen2' | 'qwen3';
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly maxPositions: number;
  readonly tiedEmbeddings: boolean;
  /** Biases on q, k, v. */
  readonly attentionBias: boolean;
  /** Bias on o as well. */
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** RMSNorm on every head's query and key, as in Qwen3. */
  readonly headNorms: boolean;
  readonly eosTokenIds: readonly number[];
}

const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.int().positive().optional(),
  partial_rotary_factor: z.number().optional(),
});

const count = z.int().positive();

const configSchema = z.looseObject({
  model_type: z.string(),
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  hidden_act: z.string().default('silu'),
  max_position_embeddings: count.default(2048),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().default(false),
  layer_types: z.array(z.string()).nullish(),
  partial_rotary_factor: z.number().optional(),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
  quantization_config: z.unknown().optional(),
});

type RawConfig = z.infer<typeof configSchema>;

const FAMILIES: Readonly<Record<string, ModelConfig['family']>> = { llama: 'llama', qwen2: 'qwen2', qwen3: 'qwen3' };

/**
 * Reads config.json in the spelling of transformers 4 (`rope_theta`, `rope_scaling`) or 5 (`rope_parameters`).
 * @param file its name in messages
 * @throws BaseError where the architecture, activation, rope type or attention kind is not one of ours.
 */
export function parseModelConfig(json: unknown, file: string): ModelConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BaseError('engine/config-invalid', `${file}: ${issue?.path.join('.')}: ${issue?.message}.`, {
      hints: ['Check that this is the config.json of a Llama, Qwen2, Qwen2.5 or Qwen3 model.'],
      cause: parsed.error,
    });
  }
  const raw = parsed.data;
  const family = FAMILIES[raw.model_type];
  if (!family) {
    throw new BaseError(
      'engine/unknown-architecture',
      `${file}: the architecture "${raw.model_type}" is not supported.`,
      {
        hints: ['Supported: llama, qwen2 (also Qwen2.5) and qwen3, dense.'],
      },
    );
  }
  refuseUnsupported(raw, file);
  const heads = raw.num_attention_heads;
  const eos = raw.eos_token_id ?? [];
  return {
    family,
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    layers: raw.num_hidden_layers,
    heads,
    kvHeads: raw.num_key_value_heads ?? heads,
    // Qwen3's own default.
    headSize: raw.head_dim ?? (family === 'qwen3' ? 128 : Math.floor(raw.hidden_size / heads)),
    normEpsilon: raw.rms_norm_eps,
    ropeTheta: raw.rope_parameters?.rope_theta ?? raw.rope_theta ?? 10_000,
    ropeScaling: parseRopeScaling(raw, file),
    maxPositions: raw.max_position_embeddings,
    tiedEmbeddings: raw.tie_word_embeddings,
    attentionBias: family === 'qwen2' || raw.attention_bias,
    outputBias: family !== 'qwen2' && raw.attention_bias,
    mlpBias: family === 'llama' && raw.mlp_bias,
    headNorms: family === 'qwen3',
    eosTokenIds: Array.isArray(eos) ? eos : [eos],
  };
}

function refuseUnsupported(raw: RawConfig, file: string): void {
  const refuse = (what: string) => {
    throw new BaseError('engine/config-unsupported', `${file}: ${what} is not supported.`, {
      hints: ['Use a dense model with full attention and unquantised weights (fp32, bf16 or fp16).'],
    });
  };
  if (raw.hidden_act !== 'silu') refuse(`the activation "${raw.hidden_act}"`);
  if (raw.use_sliding_window || raw.layer_types?.some((type) => type !== 'full_attention'))
    refuse('sliding-window attention');
  const rotated = raw.rope_parameters?.partial_rotary_factor ?? raw.partial_rotary_factor ?? 1;
  if (rotated !== 1) refuse(`a rotary embedding of a part (${rotated}) of each head`);
  if (raw.quantization_config !== undefined && raw.quantization_config !== null) refuse('a quantised checkpoint');
  const kvHeads = raw.num_key_value_heads ?? raw.num_attention_heads;
  if (raw.num_attention_heads % kvHeads !== 0) refuse(`${raw.num_attention_heads} heads on ${kvHeads} key-value heads`);
}

function parseRopeScaling(raw: RawConfig, file: string): RopeScaling {
  const rope = raw.rope_parameters ?? raw.rope_scaling;
  const type = rope?.rope_type ?? rope?.type ?? 'default';
  if (!rope || type === 'default') return { type: 'default' };
  const need = (key: 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings') => {
    const value = rope[key];
    if (value !== undefined) return value;
    throw new BaseError('engine/config-invalid', `${file}: rope type "${type}" lacks ${key}.`, {
      hints: ['Download config.json again, or add the field as the model was trained with it.'],
    });
  };
  if (type === 'linear') return { type, factor: need('factor') };
  if (type === 'llama3') {
    return {
      type,
      factor: need('factor'),
      lowFrequencyFactor: need('low_freq_factor'),
      highFrequencyFactor: need('high_freq_factor'),
      originalMaxPositions: need('original_max_position_embeddings'),
    };
  }
  throw new BaseError('engine/unknown-rope', `${file}: the rope type "${type}" is not supported.`, {
    hints: ['Supported: default, linear and llama3.'],
  });
}
