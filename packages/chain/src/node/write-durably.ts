import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BaseError } from '@skein/core';

/**
 * Writes a file so that after a crash at any instant `path` holds what it held before or all of the new bytes.
 * @param mode permissions of the file; 0o600 for keys
 * @throws BaseError `chain/not-writable`
 */
export async function writeDurably(path: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
  const partial = `${path}.partial`;
  try {
    const file = await open(partial, 'w', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new BaseError('chain/not-writable', `${path} could not be written: ${reason}.`, {
      info: { path, reason },
      hints: ['Free some space or choose another directory; what the file held before is still there.'],
      cause,
    });
  }
}

/** Windows cannot open directories and needs no sync. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
