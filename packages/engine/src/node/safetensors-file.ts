import {
  BaseError,
  decodeFloats,
  encodeSafetensorsHeader,
  getSafetensorsEntry,
  isFloatDtype,
  readSafetensorsIndex,
  readSafetensorsTensor,
  type SafetensorsIndex,
  type SafetensorsTensor,
  streamSafetensors,
} from '@skein/core';
import type { Parameter } from '../train/differentiable-model.ts';
import { writeDurably } from './durable-file.ts';
import { openFileSource } from './file-source.ts';

/** A tensor whose little-endian bytes are made when its turn to be written has come. */
export interface TensorToWrite extends SafetensorsTensor {
  readonly data: () => Uint8Array | Promise<Uint8Array>;
}

/** A float32 array as it lies in memory, without a copy. */
export function float32ToWrite({ name, dims, data }: Parameter): TensorToWrite {
  return { name, dims, dtype: 'F32', data: () => new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/**
 * Writes a safetensors file, one tensor in memory at a time; equal tensors give equal bytes. After a crash at any
 * instant, `path` holds what it held before or the whole file.
 * @throws BaseError `engine/disk-full`, `engine/not-writable`; RangeError, TypeError as `encodeSafetensorsHeader`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const layout = encodeSafetensorsHeader(tensors, metadata);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  await writeDurably(
    path,
    streamSafetensors(layout, ({ name }) => byName.get(name)!.data()),
  );
}

/** A safetensors file open for reading. */
export interface SafetensorsReader {
  readonly index: SafetensorsIndex;
  /** The tensor's bytes, owned by the caller. */
  read(name: string): Promise<Uint8Array>;
  /** F32, F16 or BF16 as float32, owned by the caller. @throws BaseError `engine/tensor-not-float`. */
  readFloats(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Reads and checks the header only. @throws BaseError `core/safetensors-…`, `engine/file-missing`. */
export async function openSafetensors(path: string): Promise<SafetensorsReader> {
  const source = await openFileSource(path);
  try {
    const index = await readSafetensorsIndex(source, { name: path });
    const read = (name: string) => {
      return readSafetensorsTensor(source, getSafetensorsEntry(index, name, path), { name: path });
    };
    return {
      index,
      read,
      async readFloats(name) {
        const { dtype } = getSafetensorsEntry(index, name, path);
        if (!isFloatDtype(dtype)) throw notFloat(path, name, dtype);
        return decodeFloats(await read(name), dtype);
      },
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Reads a whole file of F32, F16 and BF16 tensors into memory as float32, in the file's order. */
export async function readSafetensors(path: string): Promise<Parameter[]> {
  const reader = await openSafetensors(path);
  try {
    const tensors: Parameter[] = [];
    for (const { name, dims } of reader.index.tensors.values()) {
      tensors.push({ name, dims, data: await reader.readFloats(name) });
    }
    return tensors;
  } finally {
    await reader.close();
  }
}

function notFloat(path: string, name: string, dtype: string): BaseError {
  return new BaseError(
    'engine/tensor-not-float',
    `${path} has tensor "${name}" of type ${dtype}, not F32, F16 or BF16.`,
    {
      info: { path, tensor: name, dtype },
      hints: ['Convert the file to one of these types.'],
    },
  );
}
