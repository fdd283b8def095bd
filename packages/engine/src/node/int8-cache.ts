import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError, type FloatDtype } from '@skein/core';
import { z } from 'zod';
import { int8Matrix, isQuantizable } from '../graph/int8-matrix.ts';
import type { ElementType, ExternalBytes, Initializer } from '../graph/graph.ts';
import type { FrozenMatrix } from '../graph/linear.ts';
import { EMBEDDING, HEAD, LINEARS, type LinearName, linearPath, stripeName } from '../models/weight-names.ts';
import { writeDurably } from './durable-file.ts';
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
const VERSION = 5;
/** Rows of the head whose logits are made at once: these fit the cache of a processor beside what is made of them. */
const STRIPE_ROWS = 9728;
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

interface Matrix {
  /** With dims [out, in]. */
  readonly weight: Initializer & { readonly source: ExternalBytes };
  /** Two products forward; the head's logits do with one. */
  readonly fine: boolean;
}

/** Every matrix that is quantised, by name in the order of a safetensors file. */
function matricesOf({ config, weights }: ModelFolder): readonly Matrix[] {
  const head = weights.get(config.tiedEmbeddings ? EMBEDDING : HEAD);
  const matrices: Matrix[] = head ? stripesOf(head).map((weight) => ({ weight, fine: false })) : [];
  for (let layer = 0; layer < config.layers; layer++) {
    for (const name of Object.keys(LINEARS) as LinearName[]) {
      const weight = weights.get(`${linearPath(layer, name)}.weight`);
      if (weight) matrices.push({ weight: weight as Matrix['weight'], fine: true });
    }
  }
  return matrices
    .filter(({ weight }) => isQuantizable(weight.dims as [number, number]))
    .toSorted((a, b) => (a.weight.name < b.weight.name ? -1 : 1));
}

function stripesOf({ name, dims, type, source }: Initializer): Matrix['weight'][] {
  const [out = 0, into = 0] = dims;
  const { file, offset, length } = source as ExternalBytes;
  const rowBytes = length / out;
  const count = Math.ceil(out / STRIPE_ROWS);
  const rows = Math.ceil(out / count);
  return Array.from({ length: count }, (_, index) => {
    const own = Math.min(rows, out - index * rows);
    const bytes = { file, offset: offset + index * rows * rowBytes, length: own * rowBytes };
    return { name: stripeName(name, index), dims: [own, into], type, source: bytes };
  });
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
  const matrices = matricesOf(job.folder);
  const vectors: TensorToWrite[] = [];
  const started = new Map<Matrix, Quantized>();
  const take = (index: number): Quantized => {
    job.options.signal?.throwIfAborted();
    // Keeps every thread busy, and no more results in memory than that needs.
    for (const matrix of matrices.slice(index, index + job.options.threads + 1)) {
      if (!started.has(matrix)) started.set(matrix, startQuantizing(matrix, job));
    }
    return started.get(matrices[index] as Matrix) as Quantized;
  };
  const tensors = matrices.flatMap((matrix, index): TensorToWrite[] => {
    const { name, dims } = matrix.weight;
    const [out = 0, into = 0] = dims;
    const part = (key: 'backward' | 'forward') => async () => bytesOf((await take(index))[key]);
    // Of a matrix the last to be written, by its name.
    const last = async () => {
      const result = await take(index);
      started.delete(matrix);
      for (const key of ['forwardScales', 'backwardScales'] as const) {
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

function startQuantizing({ weight, fine }: Matrix, { pool, options }: EntryJob): Quantized {
  const { file, offset } = weight.source;
  const [dtype = 'F32', dims] = [DTYPE[weight.type], weight.dims as [number, number]];
  const result = pool.quantize({ kind: 'quantize', file, offset, dtype, dims, levels: options.levels, fine });
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
    for (const { weight, fine } of matricesOf(folder)) {
      const { name } = weight;
      const factor = async (kind: 'forward' | 'backward') => {
        const scales = await vectors.readFloats(`${name}.${kind}Scales`);
        const second = fine && kind === 'forward' ? place(`${name}.forwardSecond`) : undefined;
        return { values: place(`${name}.${kind}`), second, scales };
      };
      const [forward, backward] = [await factor('forward'), await factor('backward')];
      matrices.set(name, int8Matrix({ name, dims: weight.dims as [number, number], forward, backward }));
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
