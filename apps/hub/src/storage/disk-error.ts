import { BaseError } from '@skein/core';

/** Of the file system (the last is the largest size a file may have), and PostgreSQL's own: disk_full. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', '53100']);

/** What a write failed with, in words where the disk is full (`hub/disk-full`); other errors come back as they are. */
export function diskError(error: unknown): unknown {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  return FULL.has(code) || /no space left on device/i.test(message) ? diskFull(error) : error;
}

export function diskFull(cause?: unknown): BaseError {
  return new BaseError('hub/disk-full', 'The disk of the hub is full; nothing was stored.', {
    hints: ['Send it again later. The operator has to free space on the hub’s disk.'],
    cause,
  });
}
