import { open } from 'node:fs/promises';
import { BaseError } from '@skein/core';
import { diskError } from './disk-error.ts';

/** A file of one JSON value per line that is cut back to a known length when its run is resumed. */
export interface MetricsFile {
  /** Appends one line. @throws BaseError `engine/disk-full`. */
  append(record: unknown): Promise<void>;
  /** Makes all lines durable. @returns the file's length in bytes, to cut back to. */
  sync(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens or creates the file and drops everything after `length` bytes: lines of steps that will be taken again, and a
 * line that a kill cut in half.
 * @throws BaseError `engine/metrics-too-short` where the file has lost lines that the run had written.
 */
export async function openMetricsFile(path: string, length: number): Promise<MetricsFile> {
  const file = await open(path, 'a').catch((error: unknown) => {
    throw diskError(error, path);
  });
  let size = (await file.stat()).size;
  if (size < length) {
    await file.close();
    throw new BaseError('engine/metrics-too-short', `${path} has ${size} bytes, but its checkpoint counts ${length}.`, {
      info: { path, size, length },
      hints: ['Put the file back as the run left it, or start a new run in another directory.'],
    });
  }
  if (size > length) await file.truncate(length);
  size = length;
  return {
    async append(record) {
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      try {
        await file.appendFile(line);
      } catch (error) {
        throw diskError(error, path);
      }
      size += line.length;
    },
    async sync() {
      await file.sync();
      return size;
    },
    close: () => file.close(),
  };
}
