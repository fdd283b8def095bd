import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { BaseError } from '@skein/core';
import type { DataExample, DataFormat } from '../data/data-format.ts';
import { type DataEncoding, parseExamples } from '../data/parse-examples.ts';

const ENCODING_OF_EXTENSION: Readonly<Record<string, DataEncoding>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
};

export interface ReadDataOptions {
  /** Of every file; by default each file's first row tells its format. */
  readonly format?: DataFormat | undefined;
}

/**
 * The examples of data files, one after the other, streamed: never more than a row and a read buffer in memory.
 * @param paths files ending in .jsonl, .ndjson or .csv, UTF-8.
 * @throws BaseError as `parseExamples`, and `engine/data-unknown-extension`, `engine/data-file-unreadable`,
 *   `engine/data-not-utf8`.
 */
export async function* readDataFiles(
  paths: readonly string[],
  options: ReadDataOptions = {},
): AsyncGenerator<DataExample> {
  for (const file of paths) {
    const encoding = encodingOf(file);
    yield* parseExamples(readText(file), { file, encoding, format: options.format });
  }
}

function encodingOf(file: string): DataEncoding {
  const encoding = ENCODING_OF_EXTENSION[extname(file).toLowerCase()];
  if (encoding !== undefined) return encoding;
  const known = Object.keys(ENCODING_OF_EXTENSION).join(', ');
  throw new BaseError('engine/data-unknown-extension', `${file} ends in none of ${known}.`, {
    info: { file },
    hints: ['Convert the data to JSON Lines (one JSON object per line) or CSV.'],
  });
}

async function* readText(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let line = 1;
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      const place = `${file}:${line + (bytes === undefined ? 0 : linesBeforeFault(bytes))}`;
      throw new BaseError('engine/data-not-utf8', `${place} is not UTF-8 text.`, {
        info: { file },
        hints: ['Convert the file to UTF-8.'],
        cause,
      });
    }
  };
  const stream = createReadStream(file);
  try {
    for await (const bytes of stream) {
      yield decode(bytes as Uint8Array);
      line += countLineFeeds(bytes as Uint8Array);
    }
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const reason = 'code' in cause && cause.code === 'ENOENT' ? 'does not exist' : `can't be read (${cause.message})`;
    throw new BaseError('engine/data-file-unreadable', `${file} ${reason}.`, {
      info: { file },
      hints: ['Check the path and the permissions of the file.'],
      cause,
    });
  } finally {
    stream.destroy();
  }
  yield decode();
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count++;
  return count;
}

/** A lenient decoder writes U+FFFD where the strict one stopped. */
function linesBeforeFault(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes);
  return text.slice(0, Math.max(0, text.indexOf('\ufffd'))).split('\n').length - 1;
}
