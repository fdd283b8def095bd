import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BaseError, encodeFloats, type FloatDtype, invariant } from '@skein/core';
import type { Initializer } from '../graph/graph.ts';
import { adapterInputNames } from '../models/causal-lm.ts';
import { type LoraArrays, mergeLora } from '../lora/merge.ts';
import { EMBEDDING, HEAD } from '../models/weight-names.ts';
import { readAdapter } from './adapter-folder.ts';
import { diskError } from './disk-error.ts';
import { partialSuffix, syncDirectory, writeDurably } from './durable-file.ts';
import { type ModelFolder, openModelFolder } from './model-folder.ts';
import { openSafetensors, type SafetensorsReader, type TensorToWrite, writeSafetensors } from './safetensors-file.ts';
import { copyCompanions } from './write-model-folder.ts';

export interface MergeOptions {
  /** Folder of the base model. */
  readonly model: string;
  /** Folder of a PEFT adapter trained on it. */
  readonly adapter: string;
  /** New folder; it must not hold anything yet. */
  readonly out: string;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface MergeResult {
  readonly path: string;
  readonly tensors: number;
  /** Linears that the adapter changed. */
  readonly merged: number;
  readonly parameterCount: number;
}

/**
 * Writes the base model with the adapter worked in: W + scale·B·A in each weight's own type, the other weights bit by
 * bit, tokenizer and template beside them. An adapter on a tied output layer unties it: the result has an `lm_head` of
 * its own and `tie_word_embeddings` false, since the adapter leaves the input's embedding as it is. Holds one tensor in memory at a time. `out` appears whole or not at all.
 * @throws BaseError `engine/output-exists`, `engine/merge-overflow`, `engine/disk-full`, `engine/not-writable`, and those
 *   of `openModelFolder` and `readAdapter`.
 */
export async function mergeAdapter(options: MergeOptions): Promise<MergeResult> {
  const { out } = options;
  const folder = await openModelFolder(options.model);
  const adapter = await readAdapter(options.adapter, folder);
  await assertEmpty(out);
  const arrays = new Map(adapter.parameters.map(({ name, data }) => [name, data]));
  const changes = new Map<string, LoraArrays>();
  for (const { path, scale } of adapter.modules) {
    const names = adapterInputNames(path);
    const [a, b] = [arrays.get(names.a), arrays.get(names.b)];
    invariant(a && b, `the adapter was read without ${path}`);
    changes.set(`${path}.weight`, { a, b, scale });
  }
  const partial = out + partialSuffix;
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    await writeMerged(partial, { folder, changes, options });
    await rename(partial, out);
    await syncDirectory(dirname(out));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw diskError(error, out);
  }
  const result = await openModelFolder(out);
  return { path: out, tensors: result.weights.size, merged: changes.size, parameterCount: result.parameterCount };
}

interface Merging {
  readonly folder: ModelFolder;
  readonly changes: ReadonlyMap<string, LoraArrays>;
  readonly options: MergeOptions;
}

async function writeMerged(directory: string, { folder, changes, options }: Merging): Promise<void> {
  const readers = new Map<string, SafetensorsReader>();
  let done = 0;
  try {
    const tensors: TensorToWrite[] = [];
    const weights = mergedWeights(folder, changes);
    for (const [name, { name: stored, dims, source }] of weights) {
      invariant(!ArrayBuffer.isView(source), 'a model folder leaves its weights in files');
      const reader = readers.get(source.file) ?? (await openSafetensors(source.file));
      readers.set(source.file, reader);
      const dtype = reader.index.tensors.get(stored)?.dtype as FloatDtype;
      const data = async () => {
        options.signal?.throwIfAborted();
        const change = changes.get(name);
        const bytes = change
          ? await mergedBytes(reader, { name: stored, dims, dtype }, change)
          : await reader.read(stored);
        options.onProgress?.(++done, weights.size);
        return bytes;
      };
      tensors.push({ name, dims, dtype, data });
    }
    await writeSafetensors(join(directory, 'model.safetensors'), tensors, new Map([['format', 'pt']]));
  } finally {
    for (const reader of readers.values()) await reader.close();
  }
  await copyCompanions(folder.path, directory);
  const rawConfig = unties(folder, changes) ? { ...folder.rawConfig, tie_word_embeddings: false } : folder.rawConfig;
  const config = `${JSON.stringify(rawConfig, null, 2)}\n`;
  await writeDurably(join(directory, 'config.json'), [new TextEncoder().encode(config)]);
}

type Changes = Merging['changes'];

function unties({ config }: ModelFolder, changes: Changes): boolean {
  return config.tiedEmbeddings && changes.has(HEAD);
}

/** The weights to write, by name, with where each comes from. */
function mergedWeights(folder: ModelFolder, changes: Changes): Map<string, Initializer> {
  const weights = new Map(folder.weights);
  const embedding = weights.get(EMBEDDING);
  if (embedding && unties(folder, changes)) weights.set(HEAD, embedding);
  return weights;
}

async function mergedBytes(
  reader: SafetensorsReader,
  { name, dims, dtype }: { name: string; dims: readonly number[]; dtype: FloatDtype },
  change: LoraArrays,
): Promise<Uint8Array> {
  const [out, into] = dims;
  invariant(out !== undefined && into !== undefined, `${name} is a matrix`);
  const merged = mergeLora(await reader.readFloats(name), change, { out, into });
  // From 65520 on, F16 rounds to infinity; NaN is below no limit.
  const limit = dtype === 'F16' ? 65_520 : Number.POSITIVE_INFINITY;
  if (merged.every((value) => Math.abs(value) < limit)) return encodeFloats(merged, dtype);
  throw new BaseError('engine/merge-overflow', `The merged ${name} has values that ${dtype} can't hold.`, {
    info: { tensor: name, dtype },
    hints: ['Check base model and adapter for NaN, or use a base model in F32 or BF16.'],
  });
}

async function assertEmpty(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const entries = await readdir(path).catch(() => ['a file']);
  if (entries.length === 0) return;
  throw new BaseError('engine/output-exists', `${path} is already there.`, {
    info: { path },
    hints: ['Choose another place for the output, or remove what is there.'],
  });
}
