import { access, type FileHandle, open, rename } from 'node:fs/promises';
import type { BlobSink, HubClient } from '@skein/client';
import { type Digest, digestFromHash } from '@skein/core';
import { partialSuffix } from '@skein/engine/files';
import { blobPath } from './blob-path.ts';
import { leafHash } from './leaf-hash.ts';

/** Makes sure that a blob lies in a folder: what isn't there is fetched, and a download that was cut short goes on. */
export function createBringer(hub: HubClient, folder: string): (root: Digest, signal: AbortSignal) => Promise<void> {
  const downloads = new Map<Digest, Promise<void>>();
  return async (root, signal) => {
    while (!(await isHere(blobPath(folder, root)))) {
      signal.throwIfAborted();
      // Two who want one blob fetch it once; where the first gives up, the second goes on.
      const under = downloads.get(root);
      if (under !== undefined) {
        await under.catch(() => undefined);
        continue;
      }
      const mine = download(hub, root, { folder, signal });
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

interface Place {
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function download(hub: HubClient, root: Digest, { folder, signal }: Place): Promise<void> {
  const path = blobPath(folder, root);
  const partial = path + partialSuffix;
  const file = await open(partial, 'a+', 0o600).then(async (made) => {
    await made.close();
    return await open(partial, 'r+');
  });
  try {
    await hub.downloadBlob(root, sinkOf(file), { signal });
  } finally {
    await file.close();
  }
  // Not synced: whoever reads it checks its hash, and what a power cut took of it is fetched again.
  await rename(partial, path);
}

function sinkOf(file: FileHandle): BlobSink {
  let isNew = true;
  return {
    async begin(sizeBytes) {
      isNew = (await file.stat()).size === 0;
      await file.truncate(sizeBytes);
    },
    async has({ offset, sizeBytes, hash }) {
      if (isNew) return false;
      const chunk = Buffer.allocUnsafeSlow(sizeBytes);
      const { bytesRead } = await file.read(chunk, 0, sizeBytes, offset);
      return bytesRead === sizeBytes && digestFromHash(leafHash(chunk)) === digestFromHash(hash);
    },
    async write({ offset }, data) {
      await file.write(data, 0, data.length, offset);
    },
  };
}
