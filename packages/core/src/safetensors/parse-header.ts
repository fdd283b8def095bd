import { findDuplicateKey } from '../duplicate-key.ts';
import { MAX_SAFETENSORS_HEADER_BYTES } from '../limits.ts';
import { bytes } from '../units.ts';
import { parseEntry, type RawEntry } from './parse-entry.ts';
import { quoted, safetensorsError } from './safetensors-error.ts';
import type { SafetensorsEntry, SafetensorsIndex } from './safetensors-index.ts';

/** Bytes of the number before the header: its length, unsigned, little-endian. */
export const SAFETENSORS_PREFIX_BYTES = 8;

/** "version " as a number: a Git LFS pointer begins "version https:…" and is a frequent slip where a model was cloned. */
const LFS_POINTER_START = 0x20_6e_6f_69_73_72_65_76n;

/** The file that a header belongs to. */
export interface SafetensorsFile {
  /** As the user knows it, for messages. */
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
}

/**
 * Reads the header's length from the first bytes of a file and makes sure that the file can hold it.
 * @param prefix the first 8 bytes, or all if the file is shorter.
 * @throws BaseError `core/safetensors-truncated`, `…-lfs-pointer`, `…-header-too-large`
 */
export function parseSafetensorsHeaderLength(prefix: Uint8Array, file: SafetensorsFile): number {
  if (prefix.length < SAFETENSORS_PREFIX_BYTES) {
    throw safetensorsError(
      'truncated',
      file.name,
      `is truncated: it has ${file.size} bytes, not even a header's length`,
    );
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length === LFS_POINTER_START)
    throw safetensorsError('lfs-pointer', file.name, 'is a Git LFS pointer, not the file');
  if (length > MAX_SAFETENSORS_HEADER_BYTES) {
    const sentence = `announces a header of ${length} bytes; the limit is ${MAX_SAFETENSORS_HEADER_BYTES}`;
    throw safetensorsError('header-too-large', file.name, sentence);
  }
  if (SAFETENSORS_PREFIX_BYTES + Number(length) > file.size) {
    const sentence = `is truncated: it announces a header of ${length} bytes but has ${file.size} bytes in all`;
    throw safetensorsError('truncated', file.name, sentence);
  }
  return Number(length);
}

/**
 * Reads a header and checks that its tensors cover the rest of the file exactly: no overlap, no hole, nothing beyond.
 * @param header the JSON between the first 8 bytes and the first tensor.
 * @param file whose size all offsets are held against.
 * @throws BaseError `core/safetensors-…`, one for each `SafetensorsFault`
 * @see the format's description in huggingface/safetensors, README.md. Unlike its library, and as its text asks,
 * this refuses names that occur twice and white space before the object.
 */
export function parseSafetensorsHeader(header: Uint8Array, file: SafetensorsFile): SafetensorsIndex {
  const root = parseObject(header, file.name);
  const raw: RawEntry[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of Object.entries(root)) {
    if (name === '__metadata__') metadata = parseMetadata(value, file.name);
    else raw.push(parseEntry(name, value, file.name));
  }
  const dataStart = SAFETENSORS_PREFIX_BYTES + header.length;
  return { metadata, tensors: placeEntries(raw, dataStart, file), fileSize: bytes(file.size) };
}

function parseObject(header: Uint8Array, file: string): object {
  let text: string;
  let root: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
    root = JSON.parse(text);
  } catch {
    // The parser's own message may quote the header, which is unbounded and not to be trusted.
    throw safetensorsError('not-json', file, 'has a header that is not JSON in UTF-8');
  }
  if (!text.startsWith('{')) throw safetensorsError('not-an-object', file, 'has a header that does not begin with "{"');
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) {
    throw safetensorsError('duplicate-key', file, `names ${quoted(duplicate)} twice in its header`);
  }
  return root as object;
}

function parseMetadata(value: unknown, file: string): ReadonlyMap<string, string> {
  if (value === null) return new Map(); // the reference library accepts it as absent
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw safetensorsError('bad-metadata', file, 'has a __metadata__ that is not an object');
  }
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string' || !text.isWellFormed() || !key.isWellFormed()) {
      throw safetensorsError('bad-metadata', file, `has metadata ${quoted(key)} that is not text`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

/** Sorts the tensors as they lie in the file and checks that each begins where the one before it ends. */
function placeEntries(
  raw: readonly RawEntry[],
  dataStart: number,
  file: SafetensorsFile,
): ReadonlyMap<string, SafetensorsEntry> {
  const sorted = raw.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  const tensors = new Map<string, SafetensorsEntry>();
  let end = 0;
  for (const { name, dtype, dims, begin, end: next } of sorted) {
    if (begin < end) {
      throw safetensorsError('overlap', file.name, `has tensor ${quoted(name)} overlapping the one before it`);
    }
    if (begin > end) {
      throw safetensorsError('hole', file.name, `has a hole of ${begin - end} bytes before tensor ${quoted(name)}`);
    }
    if (next > file.size - dataStart) {
      const need = `tensor ${quoted(name)} ends at byte ${dataStart + next} of ${file.size}`;
      throw safetensorsError('truncated', file.name, `is truncated: ${need}`);
    }
    tensors.set(name, { name, dtype, dims, offset: bytes(dataStart + begin), byteLength: bytes(next - begin) });
    end = next;
  }
  if (dataStart + end < file.size) {
    const extra = file.size - dataStart - end;
    throw safetensorsError('hole', file.name, `has ${extra} bytes after its last tensor that belong to no tensor`);
  }
  return tensors;
}
