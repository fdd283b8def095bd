import { open } from 'node:fs/promises';
import { BaseError, type ByteSource } from '@skein/core';

/** A file opened for reading at any place. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/** One read call takes less than 2 GiB. */
const bytesPerRead = 512 * 1024 * 1024;

/**
 * Opens a file, through a symbolic link too, for reading pieces of it; it may be larger than memory.
 * @throws BaseError `engine/file-missing` or `engine/file-unreadable`.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error);
  });
  const stat = await file.stat();
  if (!stat.isFile()) {
    await file.close();
    throw unreadable(path, new Error('it is not a file'));
  }
  return {
    size: stat.size,
    async read(offset, length, signal) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        signal?.throwIfAborted();
        const wanted = Math.min(bytesPerRead, length - done);
        const { bytesRead } = await file.read(bytes, done, wanted, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    close: () => file.close(),
  };
}

function unreadable(path: string, cause: NodeJS.ErrnoException): BaseError {
  if (cause.code === 'ENOENT') {
    return new BaseError('engine/file-missing', `There is no file ${path}.`, {
      info: { path },
      hints: ['Check the path, or download the missing file.'],
      cause,
    });
  }
  return new BaseError('engine/file-unreadable', `${path} could not be opened: ${cause.message}.`, {
    info: { path, reason: cause.code },
    hints: ['Check that it is a file that you may read.'],
    cause,
  });
}
