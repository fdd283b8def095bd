import { access } from 'node:fs/promises';
import type { Digest } from '@skein/core';
import { blobPath } from './blob-path.ts';
import type { Transfers } from './transfers.ts';

/** Makes sure that a blob lies in a folder: what isn't there is fetched. */
export function createBringer(
  transfers: Transfers,
  folder: string,
): (root: Digest, signal: AbortSignal) => Promise<void> {
  const downloads = new Map<Digest, Promise<void>>();
  return async (root, signal) => {
    const path = blobPath(folder, root);
    while (!(await isHere(path))) {
      signal.throwIfAborted();
      // Two who want one blob fetch it once; where the first gives up, the second goes on.
      const under = downloads.get(root);
      if (under !== undefined) {
        await under.catch(() => undefined);
        continue;
      }
      const mine = transfers.bring({ root, path }, signal);
      downloads.set(root, mine);
      await mine.finally(() => downloads.delete(root));
    }
  };
}

async function isHere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
