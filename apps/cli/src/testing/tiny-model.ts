import { fileURLToPath } from 'node:url';
import { initializeWeights, parseModelConfig } from '@skein/engine';
import { writeModelFolder } from '@skein/engine/node';

/** Where the shipped tokenizer and chat template lie. */
const SHIPPED_MODEL = fileURLToPath(new URL('../../../../models/skein-small', import.meta.url));

/** config.json of a model that is as small as its vocabulary lets it be. */
export const TINY_CONFIG = {
  architectures: ['Qwen3ForCausalLM'],
  eos_token_id: 2,
  head_dim: 8,
  hidden_size: 16,
  intermediate_size: 32,
  max_position_embeddings: 512,
  model_type: 'qwen3',
  num_attention_heads: 2,
  num_hidden_layers: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_parameters: { rope_theta: 10_000, rope_type: 'default' },
  tie_word_embeddings: true,
  vocab_size: 2048,
};

/** Writes a model with random weights, and the shipped tokenizer and template, into a folder. */
export async function writeTinyModel(folder: string, dtype: 'F32' | 'BF16' = 'F32'): Promise<void> {
  const parameters = initializeWeights(parseModelConfig(TINY_CONFIG, 'the tiny model'), {
    standardDeviation: 0.3,
    seed: 1,
  });
  await writeModelFolder(folder, { rawConfig: TINY_CONFIG, parameters, dtype, companionsFrom: SHIPPED_MODEL });
}
