import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BaseError, compareCodePoints, type Digest, digestOfJson } from '@skein/core';
import { digestOfFile } from './digest-of-file.ts';
import { weightFiles } from './model-folder.ts';

/** The files of a model folder that decide what the model computes, by content. */
export interface ModelManifest {
  readonly version: 'model/1';
  /** By path, in the order of code points. */
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly digest: Digest }[];
}

/** Read where they are present; config.json, tokenizer.json and the weights always are. */
const OPTIONAL = ['chat_template.jinja', 'generation_config.json', 'tokenizer_config.json'];

/**
 * Reads all weights once, to hash them (about a second per 2 GB). A README and the like make no difference.
 * @throws BaseError `engine/file-missing`, `engine/no-weights`, `engine/missing-shard`.
 */
export async function readModelManifest(folder: string): Promise<ModelManifest> {
  const optional = OPTIONAL.filter((name) => existsSync(join(folder, name)));
  const weights = (await weightFiles(folder)).map((file) => basename(file));
  const paths = ['config.json', 'tokenizer.json', ...optional, ...weights].toSorted(compareCodePoints);
  const files = [];
  for (const path of paths) {
    const file = join(folder, path);
    const found = await stat(file).catch((cause: unknown) => {
      throw new BaseError('engine/file-missing', `There is no readable file ${file}.`, {
        hints: ['Check the path; a model folder has config.json, a tokenizer and safetensors files.'],
        cause,
      });
    });
    files.push({ path, sizeBytes: found.size, digest: await digestOfFile(file) });
  }
  return { version: 'model/1', files };
}

/** Names a base model: parties that train together must have equal ones. */
export function digestOfModelManifest(manifest: ModelManifest): Digest {
  return digestOfJson(manifest);
}

/**
 * Refuses another model than the one agreed on.
 * @throws BaseError `engine/other-model`
 */
export function assertBaseModel(folder: string, { found, expected }: { found: Digest; expected: Digest }): void {
  if (found === expected) return;
  throw new BaseError(
    'engine/other-model',
    `The model in ${folder} is ${found}, not the ${expected} that was agreed.`,
    {
      info: { folder, found, expected },
      hints: ['Get the base model that the plan names, in the same revision and dtype, with its tokenizer.'],
    },
  );
}
