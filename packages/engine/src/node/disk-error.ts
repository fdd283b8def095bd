import { BaseError } from '@skein/core';

/** Space, quota, and the largest size a file may have (`ulimit -f` and some file systems). */
const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const deniedCodes = new Set(['EACCES', 'EPERM', 'EROFS']);
/** The folder is not there, or a file stands where it should be. */
const noFolderCodes = new Set(['ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR']);

/**
 * The one-sentence form of what the file system said to a write: `engine/disk-full` or `engine/not-writable`; any other
 * error comes back as it is.
 * @param path the final name of what was being written, as shown to the user.
 */
export function diskError(error: unknown, path: string): unknown {
  // What was already put into words for a part is said again for the whole.
  const origin = error instanceof BaseError ? error.cause : error;
  const code = (origin as NodeJS.ErrnoException | null | undefined)?.code ?? '';
  if (fullCodes.has(code)) {
    return new BaseError('engine/disk-full', `The disk is full: ${path} could not be written.`, {
      info: { path, reason: code },
      hints: ['Free some space, or choose a directory on another disk.', 'Nothing was left under the final name.'],
      cause: origin,
    });
  }
  if (deniedCodes.has(code)) {
    return new BaseError('engine/not-writable', `${path} could not be written: permission denied.`, {
      info: { path, reason: code },
      hints: ['Choose a directory that you may write to.'],
      cause: origin,
    });
  }
  if (noFolderCodes.has(code) && !(error instanceof BaseError)) {
    return new BaseError('engine/not-writable', `${path} could not be written: its folder is not there.`, {
      info: { path, reason: code },
      hints: ['Check the path.'],
      cause: origin,
    });
  }
  return error;
}
