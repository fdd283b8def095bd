import { join } from 'node:path';
import type { Digest } from '@skein/core';

/** Where a blob lies in the folder of an alliance's blobs. */
export function blobPath(folder: string, root: Digest): string {
  return join(folder, root.replace(':', '-'));
}
