import { createReadStream, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFloats, type FloatDtype } from '@skein/core';
import type { Parameter } from '../train/differentiable-model.ts';
import { writeDurably } from './durable-file.ts';
import { writeSafetensors } from './safetensors-file.ts';

/** What stands beside the weights so that a model can be used: copied as it is. */
const COMPANIONS: readonly string[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'generation_config.json',
];

export interface ModelToWrite {
  readonly rawConfig: Readonly<Record<string, unknown>>;
  readonly parameters: readonly Parameter[];
  readonly dtype: FloatDtype;
  /** Folder whose tokenizer and template go along; absent where they are already there. */
  readonly companionsFrom?: string;
}

/** Writes a Hugging Face model folder. config.json comes last, so that a folder with it is whole. */
export async function writeModelFolder(path: string, model: ModelToWrite): Promise<void> {
  await mkdir(path, { recursive: true });
  const tensors = model.parameters.map(({ name, dims, data }) => ({
    name,
    dims,
    dtype: model.dtype,
    data: () => encodeFloats(data, model.dtype),
  }));
  await writeSafetensors(join(path, 'model.safetensors'), tensors, new Map([['format', 'pt']]));
  if (model.companionsFrom !== undefined) await copyCompanions(model.companionsFrom, path);
  const config = `${JSON.stringify(model.rawConfig, null, 2)}\n`;
  await writeDurably(join(path, 'config.json'), [new TextEncoder().encode(config)]);
}

/** Copies tokenizer, template and the like from one model folder to another, each whole or not at all. */
export async function copyCompanions(from: string, to: string): Promise<void> {
  for (const name of COMPANIONS) {
    const file = join(from, name);
    if (existsSync(file)) await writeDurably(join(to, name), createReadStream(file));
  }
}
