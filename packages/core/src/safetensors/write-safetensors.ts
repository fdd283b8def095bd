import { encodeSafetensorsHeader, type SafetensorsLayout, type SafetensorsTensor } from './encode-header.ts';
import type { SafetensorsEntry } from './safetensors-index.ts';

/** A tensor to be written, with its numbers as little-endian bytes in row-major order. */
export interface SafetensorsTensorData extends SafetensorsTensor {
  readonly data: Uint8Array;
}

/** Gives the bytes of a tensor when its turn to be written has come. */
export type SafetensorsDataOf = (entry: SafetensorsEntry) => Uint8Array | Promise<Uint8Array>;

/**
 * Yields a file in pieces, the head and then one tensor at a time, so that no more than one need be in memory.
 * @param layout of `encodeSafetensorsHeader`
 * @param dataOf called once per tensor, in the file's order, after the piece before was taken.
 * @throws RangeError if `dataOf` gives another number of bytes than the layout says; then the file is unfinished.
 */
export async function* streamSafetensors(
  layout: SafetensorsLayout,
  dataOf: SafetensorsDataOf,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  yield layout.head;
  for (const entry of layout.tensors.values()) {
    signal?.throwIfAborted();
    const data = await dataOf(entry);
    assertLength(entry, data);
    yield data;
  }
}

/**
 * Writes a whole file in memory, for small ones such as adapters.
 * @throws RangeError, TypeError as `encodeSafetensorsHeader`, and if a tensor's data don't fit its dtype and dims.
 */
export function encodeSafetensors(
  tensors: Iterable<SafetensorsTensorData>,
  metadata?: ReadonlyMap<string, string>,
): Uint8Array {
  const all = [...tensors];
  const layout = encodeSafetensorsHeader(all, metadata);
  const file = new Uint8Array(layout.fileSize);
  file.set(layout.head);
  for (const { name, data } of all) {
    const entry = layout.tensors.get(name) as SafetensorsEntry;
    assertLength(entry, data);
    file.set(data, entry.offset);
  }
  return file;
}

function assertLength(entry: SafetensorsEntry, data: Uint8Array): void {
  if (data.length === entry.byteLength) return;
  throw new RangeError(`Tensor ${JSON.stringify(entry.name)} takes ${entry.byteLength} bytes, got ${data.length}`);
}
