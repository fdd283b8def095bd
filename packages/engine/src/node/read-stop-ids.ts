import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import type { Tokenizer } from '../data/tokenizer.ts';
import { type ModelFolder, readJson } from './model-folder.ts';

const generationSchema = z.looseObject({ eos_token_id: z.union([z.int(), z.array(z.int())]).nullish() });

/**
 * Tokens that end an answer: what config.json, generation_config.json and the tokenizer name together. A chat model's
 * three files often name different ones, and any of them is meant as an end.
 * @throws BaseError `engine/generation-config`, `engine/json-invalid`.
 */
export async function readStopIds(folder: ModelFolder, tokenizer: Tokenizer): Promise<ReadonlySet<number>> {
  const ids = [...folder.config.eosTokenIds, ...tokenizer.eosTokenIds];
  const file = join(folder.path, 'generation_config.json');
  if (!existsSync(file)) return new Set(ids);
  const parsed = generationSchema.safeParse(await readJson(file));
  if (!parsed.success) {
    throw new BaseError('engine/generation-config', `${file}: eos_token_id is neither a number nor a list of them.`, {
      info: { file },
      hints: ['Download the file again, or remove it.'],
      cause: parsed.error,
    });
  }
  return new Set([...ids, ...[parsed.data.eos_token_id ?? []].flat()]);
}
