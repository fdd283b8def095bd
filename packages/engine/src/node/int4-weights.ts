import { join } from 'node:path';
import { BaseError, type FloatDtype } from '@skein/core';
import type { ElementType, ExternalBytes, Initializer } from '../graph/graph.ts';
import { int4Matrix } from '../graph/int4-matrix.ts';
import type { FrozenMatrix } from '../graph/linear.ts';
import { BLOCK } from '../graph/stacked-matrix.ts';
import type { ModelConfig } from '../models/model-config.ts';
import { LINEARS, type LinearName, linearPath } from '../models/weight-names.ts';
import type { ModelFolder } from './model-folder.ts';
import { createQuantizePool, type QuantizePool } from './quantize-pool.ts';
import { openSafetensors, writeSafetensors } from './safetensors-file.ts';
import { openCacheEntry } from './weight-cache.ts';

export interface Int4WeightsOptions {
  readonly threads: number;
  /** As of `int4Matrix`. */
  readonly inOneType: boolean;
  readonly signal?: AbortSignal | undefined;
}

const FOLDER = '.skein-int4';
const VERSION = 1;
const DTYPE: Partial<Record<ElementType, FloatDtype>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

/**
 * The model's linears in 4 bits for training, from the cache beside the model or made for it now, in threads of their
 * own. The head stays as it is, and so does a linear whose input 32 does not divide.
 * @returns by the name of the weight, for `CausalLmSpec.quantized`
 * @throws BaseError `engine/not-writable`, `engine/disk-full`, `engine/int4-cache-damaged`.
 */
export async function openInt4Weights(
  folder: ModelFolder,
  { threads, inOneType, signal }: Int4WeightsOptions,
): Promise<ReadonlyMap<string, FrozenMatrix>> {
  const linears = linearsOf(folder.config).flatMap((name) => folder.weights.get(name) ?? []);
  const weights = linears.filter(({ dims }) => (dims[1] ?? 0) % BLOCK === 0);
  const pool = createQuantizePool(threads);
  try {
    const entry = await openCacheEntry(folder, pool, {
      folder: FOLDER,
      key: { VERSION },
      write: (partial) => writeWeights(partial, weights, { pool, threads, signal }),
      signal,
    });
    return new Map(
      await Promise.all(
        weights.map(async (weight) => [weight.name, await readWeight(entry, weight, inOneType)] as const),
      ),
    );
  } finally {
    await pool.close();
  }
}

function linearsOf({ layers }: ModelConfig): string[] {
  const names = Object.keys(LINEARS) as LinearName[];
  return Array.from({ length: layers }, (_, layer) => names.map((name) => `${linearPath(layer, name)}.weight`)).flat();
}

async function writeWeights(
  path: string,
  weights: readonly Initializer[],
  { pool, threads, signal }: Omit<Int4WeightsOptions, 'inOneType'> & { readonly pool: QuantizePool },
): Promise<void> {
  const waiting = [...weights];
  // One more than threads, so that one is written while others are made.
  const lines = Array.from({ length: threads + 1 }, async () => {
    for (let weight = waiting.shift(); weight; weight = waiting.shift()) {
      signal?.throwIfAborted();
      await writeWeight(fileOf(path, weight), weight, pool);
    }
  });
  const failed = (await Promise.allSettled(lines)).find((line) => line.status === 'rejected');
  if (failed) throw failed.reason;
}

async function writeWeight(path: string, { type, dims, source }: Initializer, pool: QuantizePool): Promise<void> {
  const [out = 0, into = 0] = dims;
  const { file, offset } = source as ExternalBytes;
  const part = { file, offset, dtype: DTYPE[type] ?? 'F32', out };
  const { values, scales } = await pool.stack({ kind: 'stack', parts: [part], into, bits: 4, levels: 127 });
  const bytesOf = ({ buffer }: Int8Array | Uint8Array | Float32Array) => new Uint8Array(buffer);
  await writeSafetensors(path, [
    { name: 'values', dtype: 'U8', dims: [out, into / 2], data: () => bytesOf(values) },
    { name: 'scales', dtype: 'F32', dims: [out, into / BLOCK], data: () => bytesOf(scales) },
  ]);
}

async function readWeight(entry: string, weight: Initializer, inOneType: boolean): Promise<FrozenMatrix> {
  const file = fileOf(entry, weight);
  const reader = await openSafetensors(file);
  await reader.close();
  const placeOf = (name: string): ExternalBytes => {
    const found = reader.index.tensors.get(name);
    if (found) return { file, offset: found.offset, length: found.byteLength };
    throw new BaseError('engine/int4-cache-damaged', `The quantised weights in ${entry} are not whole.`, {
      hints: ['Delete that folder; it is made again.'],
    });
  };
  const dims = weight.dims as [number, number];
  return int4Matrix({ name: weight.name, dims, values: placeOf('values'), scales: placeOf('scales') }, { inOneType });
}

function fileOf(entry: string, { name }: Initializer): string {
  return join(entry, `${name}.safetensors`);
}
