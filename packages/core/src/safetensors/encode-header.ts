import { compareCodePoints } from '../compare-code-points.ts';
import { MAX_SAFETENSORS_HEADER_BYTES } from '../limits.ts';
import { bytes } from '../units.ts';
import { isSafetensorsDtype, SAFETENSORS_DTYPES, type SafetensorsDtype, tensorBitCount } from './dtype.ts';
import { SAFETENSORS_PREFIX_BYTES } from './parse-header.ts';
import type { SafetensorsEntry, SafetensorsIndex } from './safetensors-index.ts';

/** A tensor to be written, without its numbers. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly dims: readonly number[];
}

/** A file about to be written: `head`, then the bytes of `tensors` in the map's order, `fileSize` bytes in all. */
export interface SafetensorsLayout extends SafetensorsIndex {
  /** Length and header, padded with spaces so that the first tensor begins at a multiple of 8. */
  readonly head: Uint8Array;
}

/**
 * Lays out a safetensors file. The same tensors and metadata give the same bytes in whatever order they come: tensors
 * by falling alignment of their type, then by name, as the reference writer has them; metadata by key.
 * @throws RangeError on names that occur twice or are reserved, dims that are no counts, types that end within a byte,
 * or a header over 100 MB; TypeError on text with lone surrogates.
 */
export function encodeSafetensorsHeader(
  tensors: Iterable<SafetensorsTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): SafetensorsLayout {
  const placed = placeTensors(tensors);
  const sortedMetadata = [...metadata].sort(([a], [b]) => compareCodePoints(a, b));
  const json = new TextEncoder().encode(headerJson(placed, sortedMetadata));
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_SAFETENSORS_HEADER_BYTES)
    throw new RangeError(`A safetensors header of ${length} bytes is too large`);
  const head = new Uint8Array(SAFETENSORS_PREFIX_BYTES + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, SAFETENSORS_PREFIX_BYTES);

  const entries = new Map<string, SafetensorsEntry>();
  let fileSize = head.length;
  for (const { name, dtype, dims, begin, end } of placed) {
    const byteLength = bytes(end - begin);
    entries.set(name, { name, dtype, dims: [...dims], offset: bytes(head.length + begin), byteLength });
    fileSize = head.length + end;
  }
  return { head, metadata: new Map(sortedMetadata), tensors: entries, fileSize: bytes(fileSize) };
}

interface PlacedTensor extends SafetensorsTensor {
  readonly begin: number;
  readonly end: number;
}

function placeTensors(tensors: Iterable<SafetensorsTensor>): PlacedTensor[] {
  const alignment = (tensor: SafetensorsTensor): number => SAFETENSORS_DTYPES.indexOf(tensor.dtype);
  const sorted = [...tensors].sort((a, b) => alignment(b) - alignment(a) || compareCodePoints(a.name, b.name));
  const names = new Set<string>();
  let end = 0;
  return sorted.map((tensor) => {
    if (tensor.name === '__metadata__') throw new RangeError('No tensor can be named "__metadata__"');
    if (names.has(tensor.name)) throw new RangeError(`Two tensors are named ${JSON.stringify(tensor.name)}`);
    names.add(tensor.name);
    const begin = end;
    end += byteCount(tensor);
    return { ...tensor, begin, end };
  });
}

function byteCount({ name, dtype, dims }: SafetensorsTensor): number {
  if (!isSafetensorsDtype(dtype)) throw new RangeError(`Safetensors has no type ${String(dtype)}`);
  const bits = dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) ? tensorBitCount(dtype, dims) : undefined;
  if (bits === undefined || bits % 8 !== 0) {
    throw new RangeError(`Tensor ${JSON.stringify(name)} of ${dtype} can't have shape [${dims.join(', ')}]`);
  }
  return bits / 8;
}

/** Members are written one by one: an object would put names like "10" first. */
function headerJson(placed: readonly PlacedTensor[], metadata: readonly (readonly [string, string])[]): string {
  const members: string[] = [];
  if (metadata.length > 0) {
    const pairs = metadata.map(([key, value]) => `${jsonString(key)}:${jsonString(value)}`);
    members.push(`"__metadata__":{${pairs.join(',')}}`);
  }
  for (const { name, dtype, dims, begin, end } of placed) {
    members.push(
      `${jsonString(name)}:{"dtype":"${dtype}","shape":[${dims.join(',')}],"data_offsets":[${begin},${end}]}`,
    );
  }
  return `{${members.join(',')}}`;
}

function jsonString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError(`${JSON.stringify(text)} has a lone surrogate`);
  return JSON.stringify(text);
}
