import { join } from 'node:path';
import { initializeWeights, parseModelConfig } from '@skein/engine';
import { writeModelFolder } from '@skein/engine/node';

/** With the tokenizer of `models/skein-small`: 10.2 M parameters, all of which full fine-tuning trains. */
const TEN_MILLION = {
  architectures: ['Qwen3ForCausalLM'],
  attention_bias: false,
  dtype: 'float32',
  head_dim: 64,
  hidden_act: 'silu',
  hidden_size: 384,
  intermediate_size: 1024,
  max_position_embeddings: 1024,
  model_type: 'qwen3',
  num_attention_heads: 6,
  num_hidden_layers: 6,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_parameters: { rope_theta: 10_000, rope_type: 'default' },
  tie_word_embeddings: true,
  vocab_size: 2048,
  eos_token_id: 2,
  pad_token_id: 0,
  bos_token_id: null,
};

/** A model folder of 10 M random weights that speaks `models/skein-small`'s tokens, at `path`. */
export async function writeRoundModel(path: string): Promise<void> {
  const config = parseModelConfig(TEN_MILLION, 'the built-in shape');
  const parameters = initializeWeights(config, { standardDeviation: 0.02, seed: 1 });
  const companionsFrom = join(import.meta.dirname, '../models/skein-small');
  await writeModelFolder(path, { rawConfig: TEN_MILLION, parameters, dtype: 'F32', companionsFrom });
}
