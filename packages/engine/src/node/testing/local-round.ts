import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initializeWeights } from '../../models/initialize-weights.ts';
import { parseModelConfig } from '../../models/model-config.ts';
import { adamWDefaults } from '../../train/optimizer/adamw.ts';
import type { LocalRoundOptions } from '../local-round.ts';
import type { LocalMethod } from '../trainable-part.ts';
import { writeModelFolder } from '../write-model-folder.ts';

const shipped = fileURLToPath(new URL('../../../../../models/skein-small', import.meta.url));

/** config.json of a model that is as small as its vocabulary lets it be. */
const rawConfig = {
  architectures: ['Qwen3ForCausalLM'],
  model_type: 'qwen3',
  vocab_size: 2048,
  hidden_size: 8,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 4,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  rope_parameters: { rope_type: 'default', rope_theta: 100 },
  tie_word_embeddings: true,
  eos_token_id: 2,
};

export const ffaMethod = {
  kind: 'ffa-lora',
  rank: 2,
  alpha: 4,
  targets: ['q_proj', 'up_proj'],
  seed: 5,
} as const satisfies LocalMethod;

/** Writes a tiny model with the shipped tokenizer, and a data file of seven questions. For tests. */
export async function writeLocalFiles(folder: string): Promise<{ readonly model: string; readonly data: string }> {
  const model = join(folder, 'tiny');
  const config = parseModelConfig(rawConfig, 'config.json');
  const parameters = initializeWeights(config, { standardDeviation: 0.3, seed: 1 });
  await writeModelFolder(model, { rawConfig, parameters, dtype: 'F32', companionsFrom: shipped });
  mkdirSync(folder, { recursive: true });
  const data = join(folder, 'data.jsonl');
  const rows = Array.from({ length: 7 }, (_, i) => ({ prompt: `Number ${i}?`, completion: ` It is ${i * i}.` }));
  writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { model, data };
}

/** Options of a round of five steps, the second of two, with a checkpoint at every step. For tests. */
export function localRound(
  round: Pick<LocalRoundOptions, 'directory' | 'data' | 'parameters'> & Partial<LocalRoundOptions>,
): LocalRoundOptions {
  return {
    steps: 5,
    stretch: { firstStep: 5, totalSteps: 10 },
    rows: { batch: 3, maxLength: 32, packing: 'none', overlong: 'error' },
    train: {
      seed: 3,
      accumulationSteps: 1,
      learningRate: 0.02,
      schedule: 'linear',
      warmup: { steps: 0 },
      maxGradientNorm: 1,
      adamW: adamWDefaults,
    },
    proximalMu: 0.01,
    checkpointEvery: 1,
    ...round,
  };
}
