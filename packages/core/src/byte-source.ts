import { BaseError } from './errors.ts';

/** Something of known size that can be read in any order: a file, a browser's Blob, a remote object. */
export interface ByteSource {
  /** Bytes in all; must not change while it is read. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`; the caller owns the result.
   * Rejects when the bytes can't be had, or when `signal` aborts.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** A source over bytes in memory, which it copies out of on each read. */
export function createMemorySource(data: Uint8Array): ByteSource {
  return {
    size: data.length,
    async read(offset, length, signal) {
      signal?.throwIfAborted();
      if (offset < 0 || length < 0 || offset + length > data.length) {
        throw new RangeError(`Bytes ${offset} to ${offset + length} are outside of a source of ${data.length} bytes`);
      }
      return data.slice(offset, offset + length);
    },
  };
}

/** A stretch of a source, and where the reader's user may look for it. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
  /** The source's name as the user knows it, a path or an address. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a stretch and makes sure that it is whole: a file can shrink between its opening and this read.
 * @throws BaseError `core/short-read`
 */
export async function readRange(source: ByteSource, range: ByteRange): Promise<Uint8Array> {
  const { offset, length, name, signal } = range;
  const data = await source.read(offset, length, signal);
  if (data.length !== length) {
    throw new BaseError('core/short-read', `Read ${data.length} of ${length} bytes at byte ${offset} of ${name}.`, {
      info: { name, offset, length, got: data.length },
      hints: ['Make sure that nothing writes to the file while it is read.'],
    });
  }
  return data;
}
