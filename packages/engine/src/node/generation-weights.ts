import { join } from 'node:path';
import { BaseError, type FloatDtype } from '@skein/core';
import { canCache } from '../generate/cached-decoder.ts';
import type { ElementType, ExternalBytes, Initializer } from '../graph/graph.ts';
import { BLOCK, int4Stack, int8Stack, type StackedMatrix } from '../graph/stacked-matrix.ts';
import { type Stack, stacksOf } from '../models/stacks.ts';
import { EMBEDDING, HEAD_PATH } from '../models/weight-names.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { int8Levels } from './int8-levels.ts';
import type { ModelFolder } from './model-folder.ts';
import { createQuantizePool, type QuantizePool } from './quantize-pool.ts';
import { openSafetensors, writeSafetensors } from './safetensors-file.ts';
import { openCacheEntry } from './weight-cache.ts';

/** In how many bits a model generates. */
export type WeightBits = 'fp32' | 'int8' | 'int4';

type FewBits = Exclude<WeightBits, 'fp32'>;

export const WEIGHT_BITS = ['fp32', 'int8', 'int4'] as const satisfies readonly WeightBits[];

/** Models from this size wait for their weights to be read from memory, so that 8 bits are worth their making. */
const LARGE_PARAMETERS = 100_000_000;

/** What suits a model where the user left it open: fp32 for small ones, int8 for large ones where it can be had. */
export function weightBitsFor(runtime: Runtime, { config, parameterCount }: ModelFolder): WeightBits {
  const isLarge = parameterCount >= LARGE_PARAMETERS;
  return isLarge && runtime.createCache && canCache(config) ? 'int8' : 'fp32';
}

export interface GenerationWeightsOptions {
  readonly threads: number;
  /** Called with how many stacks of linears are done, where they have to be quantised. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FOLDER = '.skein-generation';
const VERSION = 1;
const DTYPE: Partial<Record<ElementType, FloatDtype>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

/**
 * The model's linears and head in few bits, from the cache beside the model or made for it now, in threads of their
 * own. With 4 bits the head keeps 8: it decides which token it is. And prompts are read with 8, whose products of many
 * rows are faster; they stay in their file, of which the system maps what is used.
 * @returns undefined for fp32, which needs nothing besides the model
 * @throws BaseError `engine/weights-device` where the runtime has no cache in place, `engine/weights-shape` for a model
 *   whose widths do not fit, `engine/int8-inexact`, `engine/not-writable`, `engine/disk-full`.
 */
export async function openGenerationWeights(
  runtime: Runtime,
  folder: ModelFolder,
  bits: WeightBits,
  options: GenerationWeightsOptions,
): Promise<ReadonlyMap<string, StackedMatrix> | undefined> {
  if (bits === 'fp32') return undefined;
  const stacks = [...stacksOf(folder.config).values()];
  const inFour = bits === 'int4' ? stacks.filter(({ path }) => path !== HEAD_PATH) : [];
  assertPossible(runtime, folder, { bits, inFour });
  const total = stacks.length + inFour.length;
  const pool = createQuantizePool(options.threads);
  const job = { levels: await int8Levels(runtime), folder, pool, options };
  try {
    const eight = await openEntry(stacks, { ...job, bits: 'int8', before: 0, total });
    const four = await openEntry(inFour, { ...job, bits: 'int4', before: stacks.length, total });
    return new Map([...eight].map(([path, matrix]) => [path, promptsIn(matrix, four.get(path))]));
  } finally {
    await pool.close();
  }
}

function promptsIn(eight: StackedMatrix, four: StackedMatrix | undefined): StackedMatrix {
  if (four === undefined) return eight;
  return { product: (...given) => four.product(...given), productOfMany: (...given) => eight.product(...given) };
}

async function openEntry(stacks: readonly Stack[], job: WriteJob): Promise<ReadonlyMap<string, StackedMatrix>> {
  const { bits, levels, folder, pool, options } = job;
  if (stacks.length === 0) return new Map();
  const entry = await openCacheEntry(folder, pool, {
    folder: FOLDER,
    key: { VERSION, bits, levels },
    write: (partial) => writeStacks(partial, stacks, job),
    signal: options.signal,
  });
  return new Map(
    await Promise.all(stacks.map(async (stack) => [stack.path, await readStack(entry, stack, bits)] as const)),
  );
}

interface Plan {
  readonly bits: FewBits;
  readonly inFour: readonly Stack[];
}

function assertPossible(runtime: Runtime, { path, config }: ModelFolder, { bits, inFour }: Plan): void {
  if (!runtime.createCache) {
    throw new BaseError('engine/weights-device', `${runtime.name} does not generate in ${bits}.`, {
      hints: ['Leave out --weights, or use --device cpu.'],
    });
  }
  const misfit = inFour.find(({ into }) => into % BLOCK !== 0);
  if (!misfit && canCache(config)) return;
  const width = misfit ? `${misfit.path} takes ${misfit.into} numbers` : `its heads are ${config.headSize} wide`;
  throw new BaseError('engine/weights-shape', `${path} can't be used in ${bits}: ${width}.`, {
    hints: ['Use --weights fp32. Heads must be a multiple of 16 wide, and linears of 4 bits a multiple of 32.'],
  });
}

/** Stacks in one number of bits, which lie in one entry of the cache. */
interface WriteJob {
  readonly bits: FewBits;
  readonly levels: number;
  readonly folder: ModelFolder;
  readonly pool: QuantizePool;
  readonly options: GenerationWeightsOptions;
  /** Of all stacks that are opened, how many come before this job's. */
  readonly before: number;
  readonly total: number;
}

async function writeStacks(path: string, stacks: readonly Stack[], job: WriteJob): Promise<void> {
  const { threads, signal, onProgress } = job.options;
  const waiting = [...stacks];
  let done = job.before;
  // One more than threads, so that one is written while others are made.
  const lines = Array.from({ length: threads + 1 }, async () => {
    for (let stack = waiting.shift(); stack; stack = waiting.shift()) {
      signal?.throwIfAborted();
      await writeStack(path, stack, job);
      onProgress?.(++done, job.total);
    }
  });
  const failed = (await Promise.allSettled(lines)).find((line) => line.status === 'rejected');
  if (failed) throw failed.reason;
}

async function writeStack(path: string, stack: Stack, { bits, levels, folder, pool }: WriteJob): Promise<void> {
  const { modules, outs, into } = stack;
  const parts = modules.map((module, i) => {
    const { type, source } = weightOf(folder, module);
    const { file, offset } = source as ExternalBytes;
    return { file, offset, dtype: DTYPE[type] ?? 'F32', out: outs[i] ?? 0 };
  });
  const few = bits === 'int8' ? 8 : 4;
  const { values, scales } = await pool.stack({ kind: 'stack', parts, into, bits: few, levels });
  const [out, bias] = [outs.reduce((sum, width) => sum + width, 0), await biasOf(folder, stack)];
  const floats = (name: string, data: Float32Array) => {
    return { name, dtype: 'F32', dims: [data.length], data: () => bytesOf(data) } as const;
  };
  await writeSafetensors(fileOf(path, stack), [
    few === 8
      ? { name: 'values', dtype: 'I8', dims: [into, out], data: () => bytesOf(values) }
      : { name: 'values', dtype: 'U8', dims: [out, into / BLOCK, BLOCK / 2], data: () => bytesOf(values) },
    floats('scales', scales),
    ...(bias ? [floats('bias', bias)] : []),
  ]);
}

function weightOf({ weights, config }: ModelFolder, module: string): Initializer {
  const weight = weights.get(module === HEAD_PATH && config.tiedEmbeddings ? EMBEDDING : `${module}.weight`);
  if (!weight) throw new TypeError(`the model has no ${module}`);
  return weight;
}

/** The biases of a stack's linears in a row; undefined where none has one. */
async function biasOf({ weights }: ModelFolder, { modules, outs }: Stack): Promise<Float32Array | undefined> {
  if (modules.every((module) => !weights.has(`${module}.bias`))) return undefined;
  const all = new Float32Array(outs.reduce((sum, out) => sum + out, 0));
  let first = 0;
  for (const [i, module] of modules.entries()) {
    const bias = weights.get(`${module}.bias`);
    if (bias) {
      const reader = await openSafetensors((bias.source as ExternalBytes).file);
      all.set(await reader.readFloats(bias.name), first);
      await reader.close();
    }
    first += outs[i] ?? 0;
  }
  return all;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function fileOf(entry: string, { path }: Stack): string {
  return join(entry, `${path}.safetensors`);
}

async function readStack(entry: string, stack: Stack, bits: FewBits): Promise<StackedMatrix> {
  const file = fileOf(entry, stack);
  const reader = await openSafetensors(file);
  await reader.close();
  const initializer = (name: string, type: ElementType): Initializer | undefined => {
    const found = reader.index.tensors.get(name);
    if (!found) return undefined;
    const source = { file, offset: found.offset, length: found.byteLength };
    return { name: `${stack.path}.${name}`, dims: found.dims, type, source };
  };
  const type = bits === 'int8' ? 'int8' : 'uint8';
  const [values, scales] = [initializer('values', type), initializer('scales', 'float32')];
  if (!values || !scales) {
    throw new BaseError('engine/generation-cache-damaged', `The quantised weights in ${entry} are not whole.`, {
      hints: ['Delete that folder; it is made again.'],
    });
  }
  const out = stack.outs.reduce((sum, width) => sum + width, 0);
  const weights = { out, into: stack.into, values, scales, bias: initializer('bias', 'float32') };
  return bits === 'int8' ? int8Stack(weights) : int4Stack(weights);
}
