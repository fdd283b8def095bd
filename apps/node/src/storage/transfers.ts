import { type FileHandle, open, rename } from 'node:fs/promises';
import type { BlobManifest } from '@skein/alliance';
import type { BlobSink, HubClient } from '@skein/client';
import { type ByteSource, bytes as byteCount, type Digest, digestFromHash } from '@skein/core';
import { partialSuffix } from '@skein/engine/files';
import { leafHash } from './leaf-hash.ts';

/** Blobs between files and a hub. Rejects as the hub's client does. */
export interface Transfers {
  /** Brings the hub what it lacks of a file. @param blob with its manifest, if known, the file isn't hashed again */
  send(
    blob: { readonly path: string; readonly manifest?: BlobManifest | undefined },
    signal: AbortSignal,
  ): Promise<void>;
  /** Fetches a blob into a file, which gets its name when it is whole; a download that was cut short goes on. */
  bring(blob: { readonly path: string; readonly root: Digest }, signal: AbortSignal): Promise<void>;
}

export function createTransfers(hub: HubClient): Transfers {
  return {
    async send({ path, manifest }, signal) {
      const file = await open(path, 'r');
      try {
        await hub.uploadBlob(await sourceOf(file), { signal, manifest });
      } finally {
        await file.close();
      }
    },
    async bring({ path, root }, signal) {
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
    },
  };
}

async function sourceOf(file: FileHandle): Promise<ByteSource> {
  const { size } = await file.stat();
  return {
    size: byteCount(size),
    async read(offset, length) {
      const data = Buffer.allocUnsafeSlow(length);
      await file.read(data, 0, length, offset);
      return data;
    },
  };
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
