import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError } from './disk-error.ts';

/**
 * Writes a file so that after a crash at any instant `path` holds either what it held before or all of the new bytes.
 * @param temporary where the bytes go first, on the same disk; beside `path` unless told.
 * @throws BaseError `hub/disk-full`
 */
export async function writeDurably(
  path: string,
  data: Uint8Array,
  mode = 0o644,
  temporary = `${path}.${randomUUID()}.partial`,
): Promise<void> {
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error);
  }
}

/** Makes new names and removals in a directory durable. Windows cannot open directories and needs no sync. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Whether an error says that a file isn't there. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}
