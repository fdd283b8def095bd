import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { initializeWeights, parseModelConfig } from '@skein/engine';
import { writeModelFolder } from '@skein/engine/node';

/** Qwen2.5-0.5B's config.json, as far as it decides shapes and arithmetic; its weights take 1.98 GB in float32. */
const QWEN25_HALF_BILLION = {
  architectures: ['Qwen2ForCausalLM'],
  dtype: 'float32',
  hidden_act: 'silu',
  hidden_size: 896,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  model_type: 'qwen2',
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_parameters: { rope_theta: 1_000_000, rope_type: 'default' },
  tie_word_embeddings: true,
  vocab_size: 151_936,
};

/** A model folder of Qwen2.5-0.5B's shape with random weights, in float32; made on first use, below runs/. */
export async function randomModel(): Promise<string> {
  const directory = join(import.meta.dirname, '../runs/bench/qwen2.5-0.5b-shape');
  // config.json is written last.
  if (existsSync(join(directory, 'config.json'))) return directory;
  console.error('Writing 2 GB of random weights …');
  const config = parseModelConfig(QWEN25_HALF_BILLION, 'the built-in shape');
  const parameters = initializeWeights(config, { standardDeviation: 0.02, seed: 1 });
  await writeModelFolder(directory, { rawConfig: QWEN25_HALF_BILLION, parameters, dtype: 'F32' });
  return directory;
}
