import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError } from './disk-error.ts';

/** Ends the names of files and directories that are not finished. */
export const partialSuffix = '.partial';

/** Linux writes at most 2 GiB at once, and a signal should not have to wait for more than a few milliseconds. */
const bytesPerWrite = 16 * 1024 * 1024;

/**
 * Writes a file so that after a crash at any instant `path` holds either what it held before or all of the new bytes:
 * they go to `path.partial`, are synced, renamed, and the rename is synced. On an error the partial file is removed.
 * @param chunks the bytes in order; taken one at a time, so a file may be larger than memory.
 * @throws BaseError `engine/disk-full`, `engine/not-writable`.
 */
export async function writeDurably(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const partial = path + partialSuffix;
  try {
    const file = await open(partial, 'w');
    try {
      for await (const chunk of chunks) await writeAll(file, chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(partial, { force: true });
    throw diskError(error, path);
  }
}

/** Makes renames, new names and removals in a directory durable. Windows cannot open directories and needs no sync. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytesPerWrite, bytes.length - done));
    done += bytesWritten;
  }
}
