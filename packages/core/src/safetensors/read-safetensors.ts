import { type ByteSource, readRange } from '../byte-source.ts';
import { parseSafetensorsHeader, parseSafetensorsHeaderLength, SAFETENSORS_PREFIX_BYTES } from './parse-header.ts';
import { quoted, safetensorsError } from './safetensors-error.ts';
import type { SafetensorsEntry, SafetensorsIndex } from './safetensors-index.ts';

/** How to read, and how to speak of what is read. */
export interface SafetensorsReadOptions {
  /** The file's name as the user knows it, for messages. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads and checks the header of a safetensors file; the tensors stay where they are, so the file may be larger than
 * memory. Two reads, together no larger than the header.
 * @throws BaseError `core/safetensors-…` if the file is malformed, `core/short-read` if it changes meanwhile.
 */
export async function readSafetensorsIndex(
  source: ByteSource,
  options: SafetensorsReadOptions,
): Promise<SafetensorsIndex> {
  const { name, signal } = options;
  const file = { name, size: source.size };
  const prefixLength = Math.min(SAFETENSORS_PREFIX_BYTES, source.size);
  const prefix = await readRange(source, { offset: 0, length: prefixLength, name, signal });
  const length = parseSafetensorsHeaderLength(prefix, file);
  const header = await readRange(source, { offset: SAFETENSORS_PREFIX_BYTES, length, name, signal });
  return parseSafetensorsHeader(header, file);
}

/**
 * Reads the bytes of one tensor.
 * @returns `entry.byteLength` bytes, owned by the caller; `decodeFloats` turns them into numbers.
 * @throws BaseError `core/short-read`
 */
export function readSafetensorsTensor(
  source: ByteSource,
  entry: SafetensorsEntry,
  options: SafetensorsReadOptions,
): Promise<Uint8Array> {
  return readRange(source, { offset: entry.offset, length: entry.byteLength, ...options });
}

/**
 * Looks a tensor up by name.
 * @param file the file's name for the message.
 * @throws BaseError `core/safetensors-missing-tensor`
 */
export function getSafetensorsEntry(index: SafetensorsIndex, tensor: string, file: string): SafetensorsEntry {
  const entry = index.tensors.get(tensor);
  if (entry === undefined) throw safetensorsError('missing-tensor', file, `has no tensor ${quoted(tensor)}`);
  return entry;
}
