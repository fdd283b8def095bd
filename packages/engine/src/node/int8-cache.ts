import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError, type FloatDtype } from '@skein/core';
import { z } from 'zod';
import { withExactChannels } from '../graph/exact-channels.ts';
import { int8Matrix } from '../graph/int8-matrix.ts';
import type { ElementType, ExternalBytes } from '../graph/graph.ts';
import type { FrozenMatrix } from '../graph/linear.ts';
import { writeDurably } from './durable-file.ts';
import { int8Matrices, type MatrixToQuantize } from './int8-matrices.ts';
import type { ModelFolder } from './model-folder.ts';
import { createQuantizePool, type QuantizePool } from './quantize-pool.ts';
import { openSafetensors, type TensorToWrite, writeSafetensors } from './safetensors-file.ts';
import { openCacheEntry } from './weight-cache.ts';

const choiceSchema = z.strictObject({
  mode: z.enum(['fp32', 'int8']),
  floats: z.array(z.string()),
  gradientCosine: z.number().nullable(),
  reason: z.string(),
});

export interface Int8Cache {
  /** By the name of the weight. */
  readonly matrices: ReadonlyMap<string, FrozenMatrix>;
  /** What was measured before on the same weights, under a digest of what it was measured with. */
  readChoice(key: string): Promise<z.infer<typeof choiceSchema> | undefined>;
  writeChoice(key: string, choice: z.infer<typeof choiceSchema>): Promise<void>;
}

export interface Int8CacheOptions {
  /** Largest magnitude of a weight: 127, or 63 where products of 8-bit integers saturate. */
  readonly levels: number;
  readonly threads: number;
  /** Called when the weights have to be quantised, and when that is done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FOLDER = '.skein-int8';
const MATRICES = 'matrices.safetensors';
const VECTORS = 'vectors.safetensors';
const VERSION = 8;
const DTYPE: Partial<Record<ElementType, FloatDtype>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

/**
 * The model's linears and head in 8 bits, from the cache beside the model, or made for it now (weight-cache.ts).
 * @throws BaseError `engine/not-writable`, `engine/disk-full` where the entry can't be kept.
 */
export async function openInt8Cache(folder: ModelFolder, options: Int8CacheOptions): Promise<Int8Cache> {
  const pool = createQuantizePool(options.threads);
  try {
    const entry = await openCacheEntry(folder, pool, {
      folder: FOLDER,
      key: { VERSION, levels: options.levels },
      write: (partial) => writeEntry(partial, { folder, pool, options }),
      signal: options.signal,
    });
    return {
      matrices: await readEntry(entry, folder),
      readChoice: (key) => readChoice(choicePath(entry, key)),
      writeChoice: (key, choice) => writeDurably(choicePath(entry, key), [Buffer.from(`${JSON.stringify(choice)}\n`)]),
    };
  } finally {
    await pool.close();
  }
}

function choicePath(entry: string, key: string): string {
  return join(entry, `choice-${key.replace(/[^0-9a-z]/g, '').slice(-32)}.json`);
}

/** A choice that can't be read is made again. */
async function readChoice(path: string): Promise<z.infer<typeof choiceSchema> | undefined> {
  try {
    return choiceSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

interface EntryJob {
  readonly folder: ModelFolder;
  readonly pool: QuantizePool;
  readonly options: Int8CacheOptions;
}

async function writeEntry(path: string, job: EntryJob): Promise<void> {
  const vectors = await writeMatrices(join(path, MATRICES), job);
  await writeSafetensors(join(path, VECTORS), vectors);
}

type Quantized = Promise<Awaited<ReturnType<QuantizePool['quantize']>>>;

/** @returns the scales, which become a file of their own once all are known. */
async function writeMatrices(path: string, job: EntryJob): Promise<TensorToWrite[]> {
  const matrices = await int8Matrices(job.folder);
  const vectors: TensorToWrite[] = [];
  const started = new Map<MatrixToQuantize, Quantized>();
  const take = (index: number): Quantized => {
    job.options.signal?.throwIfAborted();
    // Keeps every thread busy, and no more results in memory than that needs.
    for (const matrix of matrices.slice(index, index + job.options.threads + 1)) {
      if (!started.has(matrix)) started.set(matrix, startQuantizing(matrix, job));
    }
    return started.get(matrices[index] as MatrixToQuantize) as Quantized;
  };
  const tensors = matrices.flatMap((matrix, index): TensorToWrite[] => {
    const { name, dims } = matrix.weight;
    const [out = 0, into = 0] = dims;
    const part = (key: 'backward' | 'forward') => async () => bytesOf((await take(index))[key]);
    // Of a matrix the last to be written, by its name.
    const last = async () => {
      const result = await take(index);
      started.delete(matrix);
      for (const key of ['forwardScales', 'backwardScales', 'exact'] as const) {
        const array = result[key];
        vectors.push({ name: `${name}.${key}`, dtype: 'F32', dims: [array.length], data: () => bytesOf(array) });
      }
      job.options.onProgress?.(index + 1, matrices.length);
      return bytesOf(result.forwardSecond);
    };
    return [
      { name: `${name}.backward`, dtype: 'I8', dims, data: part('backward') },
      { name: `${name}.forward`, dtype: 'I8', dims: [into, out], data: part('forward') },
      { name: `${name}.forwardSecond`, dtype: 'I8', dims: [matrix.fine ? into : 0, out], data: last },
    ];
  });
  await writeSafetensors(path, tensors);
  return vectors;
}

function startQuantizing({ weight, stride, fine, exact }: MatrixToQuantize, { pool, options }: EntryJob): Quantized {
  const { file, offset } = weight.source;
  const [dtype = 'F32', dims] = [DTYPE[weight.type], weight.dims as [number, number]];
  const { levels } = options;
  const result = pool.quantize({ kind: 'quantize', file, offset, dtype, dims, stride, levels, fine, exact });
  // Awaited later; a failure must not count as unhandled before that.
  result.catch(() => undefined);
  return result;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function readEntry(entry: string, folder: ModelFolder): Promise<ReadonlyMap<string, FrozenMatrix>> {
  const [matrixFile, vectorFile] = [join(entry, MATRICES), join(entry, VECTORS)];
  const stored = await openSafetensors(matrixFile);
  const { index } = stored;
  await stored.close();
  const vectors = await openSafetensors(vectorFile);
  try {
    const place = (name: string): ExternalBytes => {
      const found = index.tensors.get(name);
      if (!found) throw damaged(entry);
      return { file: matrixFile, offset: found.offset, length: found.byteLength };
    };
    const matrices = new Map<string, FrozenMatrix>();
    for (const { weight, fine, exact: channels } of await int8Matrices(folder)) {
      const { name } = weight;
      const [out, into] = weight.dims as [number, number];
      const factor = async (kind: 'forward' | 'backward') => {
        const scales = await vectors.readFloats(`${name}.${kind}Scales`);
        const second = fine && kind === 'forward' ? place(`${name}.forwardSecond`) : undefined;
        return { values: place(`${name}.${kind}`), second, scales };
      };
      const [forward, backward] = [await factor('forward'), await factor('backward')];
      const exact = { name, channels, width: into, rows: await vectors.readFloats(`${name}.exact`) };
      const matrix = int8Matrix({ name, dims: [out, into], forward, backward });
      matrices.set(name, channels.length > 0 ? withExactChannels(matrix, exact) : matrix);
    }
    return matrices;
  } finally {
    await vectors.close();
  }
}

function damaged(entry: string): BaseError {
  return new BaseError('engine/int8-cache-damaged', `The quantised weights in ${entry} are not whole.`, {
    hints: ['Delete that folder; it is made again.'],
  });
}
