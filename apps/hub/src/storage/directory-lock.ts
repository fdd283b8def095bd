import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BaseError } from '@skein/core';

export interface DirectoryLock {
  release(): void;
}

/** An open file that nothing refers to would be closed by the garbage collector, and the lock gone with it. */
const held = new Set<DatabaseSync>();

/**
 * Takes a directory for this process, for as long as it lives. The lock is the operating system's own, held by SQLite
 * on a file beside the data, so a killed process leaves none behind. PGlite has no such lock, and two writers would
 * destroy its files.
 * @throws BaseError `hub/directory-in-use`
 */
export function lockDirectory(directory: string): DirectoryLock {
  const file = new DatabaseSync(join(directory, 'lock.sqlite'));
  try {
    file.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (cause) {
    file.close();
    throw new BaseError('hub/directory-in-use', `Another hub is using ${directory}.`, {
      info: { directory },
      hints: ['Stop it first, or choose another directory.'],
      cause,
    });
  }
  held.add(file);
  return {
    release() {
      if (held.delete(file)) file.close();
    },
  };
}
