import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobSink, HubClient } from '@skein/client';
import { type ByteSource, bytes as byteCount, type Digest, digestFromHash } from '@skein/core';
import { partialSuffix, syncDirectory } from '@skein/engine/files';
import { blobManifestOf, blobRoot, verifyBlob } from '@skein/alliance';
import { nodeCrypto } from '@skein/privacy/node';
import { writeSecretly } from '../files/write-secretly.ts';

/** Blobs of this node on disk, each under its root: models, uploads, sums. Reading checks them. */
export interface BlobStore {
  /** Keeps bytes that were made here. */
  put(bytes: Uint8Array): Promise<Digest>;
  /** The bytes, from disk or else from the hub; a download that was cut short goes on. @throws BaseError `client/…` */
  get(root: Digest, signal: AbortSignal): Promise<Uint8Array>;
  /** Whether it is here. */
  has(root: Digest): Promise<boolean>;
  /** Brings to the hub what it lacks of a blob that is here. */
  send(root: Digest, signal: AbortSignal): Promise<void>;
  /** Removes all but these. */
  keepOnly(roots: ReadonlySet<Digest>): Promise<void>;
}

const nativeSha256 = () => nodeCrypto.createSha256();

/** @param directory made if it isn't there. */
export async function openBlobStore(directory: string, hub: HubClient): Promise<BlobStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const downloads = new Map<Digest, Promise<void>>();
  const pathOf = (root: Digest): string => join(directory, root.replace(':', '-'));
  const stored = async (root: Digest): Promise<Uint8Array | null> => {
    const bytes = await readFile(pathOf(root)).catch(() => null);
    return bytes !== null && verifyBlob(bytes, root, nativeSha256) ? bytes : null;
  };
  return {
    async put(bytes) {
      const root = blobRoot(blobManifestOf(bytes, nativeSha256));
      await writeSecretly(pathOf(root), [bytes]);
      return root;
    },
    async get(root, signal) {
      for (;;) {
        signal.throwIfAborted();
        const here = await stored(root);
        if (here !== null) return here;
        // Two who want one blob fetch it once; where the first gives up, the second goes on.
        const under = downloads.get(root);
        if (under !== undefined) {
          await under.catch(() => undefined);
          continue;
        }
        const mine = download(hub, root, { path: pathOf(root), directory, signal });
        downloads.set(root, mine);
        await mine.finally(() => downloads.delete(root));
      }
    },
    has: async (root) => (await stored(root)) !== null,
    async send(root, signal) {
      const file = await open(pathOf(root), 'r');
      try {
        await hub.uploadBlob(await sourceOf(file), { signal });
      } finally {
        await file.close();
      }
    },
    async keepOnly(roots) {
      const kept = new Set([...roots].map(pathOf));
      for (const name of await readdir(directory)) {
        const path = join(directory, name);
        if (!kept.has(path)) await rm(path, { force: true });
      }
    },
  };
}

async function download(
  hub: HubClient,
  root: Digest,
  to: { readonly path: string; readonly directory: string; readonly signal: AbortSignal },
): Promise<void> {
  const partial = to.path + partialSuffix;
  const file = await open(partial, 'a+', 0o600).then(async (made) => {
    await made.close();
    return await open(partial, 'r+');
  });
  try {
    await hub.downloadBlob(root, sinkOf(file), { signal: to.signal });
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, to.path);
  await syncDirectory(to.directory);
}

function sinkOf(file: FileHandle): BlobSink {
  return {
    begin: (sizeBytes) => file.truncate(sizeBytes),
    async has({ offset, sizeBytes, hash }) {
      const chunk = Buffer.alloc(sizeBytes);
      const { bytesRead } = await file.read(chunk, 0, sizeBytes, offset);
      if (bytesRead < sizeBytes) return false;
      const leaf = createHash('sha256').update(Uint8Array.of(0)).update(chunk).digest();
      return digestFromHash(leaf) === digestFromHash(hash);
    },
    async write({ offset }, data) {
      await file.write(data, 0, data.length, offset);
    },
  };
}

async function sourceOf(file: FileHandle): Promise<ByteSource> {
  const { size } = await file.stat();
  return {
    size: byteCount(size),
    async read(offset, length) {
      const data = new Uint8Array(length);
      await file.read(data, 0, length, offset);
      return data;
    },
  };
}
