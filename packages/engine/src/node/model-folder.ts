import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError, type FloatDtype, isFloatDtype, readSafetensorsIndex, type SafetensorsEntry } from '@skein/core';
import { z } from 'zod';
import type { ElementType, Initializer } from '../graph/graph.ts';
import { type ModelConfig, parseModelConfig } from '../models/model-config.ts';
import { weightShapes } from '../models/weight-names.ts';
import { openFileSource } from './file-source.ts';

const ELEMENT_TYPE: Record<FloatDtype, ElementType> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/** A model on disk: what its graph needs, with the weights left in their files. */
export interface ModelFolder {
  readonly path: string;
  readonly config: ModelConfig;
  /** config.json as it stands, for writing a changed model back. */
  readonly rawConfig: Readonly<Record<string, unknown>>;
  readonly weights: ReadonlyMap<string, Initializer>;
  readonly parameterCount: number;
  readonly weightBytes: number;
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * Opens a Hugging Face model folder, or a snapshot of its cache: config.json and model.safetensors, or shards with
 * their index. Reads headers only; the weights are mapped when a session is made.
 * @throws BaseError for a missing file or shard, an unknown architecture, a missing tensor, or a shape that
 * contradicts config.json, each naming the file.
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  assertNotWholeCache(path);
  const rawConfig = (await readJson(join(path, 'config.json'))) as Record<string, unknown>;
  const config = parseModelConfig(rawConfig, join(path, 'config.json'));
  const found = new Map<string, { entry: SafetensorsEntry; file: string }>();
  for (const file of await weightFiles(path)) {
    const source = await openFileSource(file);
    try {
      const index = await readSafetensorsIndex(source, { name: file });
      for (const [name, entry] of index.tensors) found.set(name, { entry, file });
    } finally {
      await source.close();
    }
  }
  const weights = new Map<string, Initializer>();
  let parameterCount = 0;
  let weightBytes = 0;
  for (const [name, dims] of weightShapes(config)) {
    const { entry, file } = found.get(name) ?? missingTensor(path, name);
    weights.set(name, checkWeight(entry, dims, file));
    parameterCount += dims.reduce((product, dim) => product * dim, 1);
    weightBytes += entry.byteLength;
  }
  return { path, config, rawConfig, weights, parameterCount, weightBytes };
}

/** A model's folder in the cache of Hugging Face holds snapshots, each of which is a model folder. */
function assertNotWholeCache(path: string): void {
  const snapshots = join(path, 'snapshots');
  if (existsSync(join(path, 'config.json')) || !existsSync(snapshots)) return;
  throw new BaseError('engine/not-a-snapshot', `${path} holds snapshots of a model, but is none itself.`, {
    hints: readdirSync(snapshots).map((name) => `Name the snapshot: ${join(snapshots, name)}.`),
  });
}

/** Reads a JSON file. @throws BaseError `engine/file-missing` or `engine/json-invalid`. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BaseError('engine/file-missing', `There is no readable file ${file}.`, {
      hints: ['Check the path; a model folder has config.json, a tokenizer and safetensors files.'],
      cause,
    });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BaseError('engine/json-invalid', `${file} is not JSON: ${(cause as Error).message}.`, {
      hints: ['Download the file again.'],
      cause,
    });
  }
}

/** Files of a model folder that hold its weights, sorted. @throws BaseError `engine/no-weights`, `engine/missing-shard`. */
export async function weightFiles(path: string): Promise<string[]> {
  const single = join(path, 'model.safetensors');
  if (existsSync(single)) return [single];
  const indexFile = join(path, 'model.safetensors.index.json');
  if (!existsSync(indexFile)) {
    throw new BaseError(
      'engine/no-weights',
      `${path} has neither model.safetensors nor model.safetensors.index.json.`,
      {
        hints: ['Name a folder with safetensors weights; .bin and .gguf files are not read.'],
      },
    );
  }
  const parsed = indexSchema.safeParse(await readJson(indexFile));
  if (!parsed.success) throw new BaseError('engine/index-invalid', `${indexFile} has no weight_map of names to files.`);
  const names = [...new Set(Object.values(parsed.data.weight_map))].toSorted();
  for (const name of names) {
    if (name.includes('/') || name.includes('\\')) {
      throw new BaseError('engine/index-invalid', `${indexFile} names a file outside its folder: ${name}.`);
    }
    if (existsSync(join(path, name))) continue;
    throw new BaseError('engine/missing-shard', `${path} lacks the shard ${name}, which ${indexFile} names.`, {
      hints: ['Download the missing file into the folder.'],
    });
  }
  return names.map((name) => join(path, name));
}

function checkWeight(
  { name, dtype, dims, offset, byteLength }: SafetensorsEntry,
  expected: number[],
  file: string,
): Initializer {
  if (!isFloatDtype(dtype)) {
    throw new BaseError('engine/weight-type', `${file}: ${name} has type ${dtype}; F32, BF16 and F16 are read.`, {
      hints: ['Use an unquantised checkpoint.'],
    });
  }
  if (dims.join() !== expected.join()) {
    throw new BaseError(
      'engine/weight-shape',
      `${file}: ${name} has shape [${dims.join(', ')}], but config.json asks for [${expected.join(', ')}].`,
      { hints: ['Weights and config.json belong to different models; download both again.'] },
    );
  }
  return { name, dims: expected, type: ELEMENT_TYPE[dtype], source: { file, offset, length: byteLength } };
}

function missingTensor(path: string, name: string): never {
  throw new BaseError('engine/missing-weight', `${path}: no file has the tensor ${name}, which config.json asks for.`, {
    hints: ['Check that config.json belongs to these weights.'],
  });
}
