import { isSafetensorsDtype, type SafetensorsDtype, tensorBitCount } from './dtype.ts';
import { quoted, safetensorsError } from './safetensors-error.ts';

/** A tensor as the header describes it, with offsets from the end of the header. */
export interface RawEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly dims: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads the description of one tensor and checks it by itself: a known type, whole dims, and as many bytes as these take.
 * @param file the file's name for messages.
 * @throws BaseError `core/safetensors-…`
 */
export function parseEntry(name: string, value: unknown, file: string): RawEntry {
  if (!name.isWellFormed() || typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw safetensorsError('bad-tensor', file, `has a header whose member ${quoted(name)} describes no tensor`);
  }
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (!isSafetensorsDtype(dtype)) {
    throw safetensorsError('unknown-dtype', file, `has tensor ${quoted(name)} of unknown dtype ${quoted(dtype)}`);
  }
  const dims = parseCounts(shape);
  if (dims === undefined) {
    throw safetensorsError('bad-dims', file, `has tensor ${quoted(name)} of impossible shape ${quoted(shape)}`);
  }
  const [begin, end, ...more] = parseCounts(offsets) ?? [];
  if (begin === undefined || end === undefined || more.length > 0 || end < begin) {
    throw safetensorsError('bad-offsets', file, `has tensor ${quoted(name)} at impossible offsets ${quoted(offsets)}`);
  }
  const entry = { name, dtype, dims, begin, end };
  checkLength(entry, file);
  return entry;
}

/** @returns undefined unless `value` is a list of whole numbers from 0 to 2^53 − 1; beyond, JSON.parse has rounded them. */
function parseCounts(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const isCount = (item: unknown): boolean => Number.isSafeInteger(item) && (item as number) >= 0;
  return value.every(isCount) ? (value as number[]) : undefined;
}

function checkLength({ name, dtype, dims, begin, end }: RawEntry, file: string): void {
  const tensor = `tensor ${quoted(name)} of ${dtype} and shape ${quoted(dims)}`;
  const bits = tensorBitCount(dtype, dims);
  if (bits === undefined) throw safetensorsError('overflow', file, `has ${tensor}, larger than 2^53 bits`);
  if (bits % 8 !== 0) throw safetensorsError('split-byte', file, `has ${tensor}, which ends within a byte`);
  if (bits / 8 !== end - begin) {
    throw safetensorsError('wrong-length', file, `gives ${end - begin} bytes to ${tensor}, which takes ${bits / 8}`);
  }
}
