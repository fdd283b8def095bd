import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@skein/core';
import { type BlobManifest, verifyBlob } from '@skein/alliance';
import { nodeCrypto } from '@skein/privacy/node';
import { blobPath } from './blob-path.ts';
import { createBringer } from './bring-blob.ts';
import type { Transfers } from './transfers.ts';

/** A blob with its chunks. */
export interface MadeBlob {
  readonly root: Digest;
  readonly manifest: BlobManifest;
}

/** Blobs of this node on disk, each under its root: models, uploads, sums. */
export interface BlobStore {
  /** Where they lie, by `blobPath`. */
  readonly folder: string;
  /** Tells of a blob that was made here, so that it isn't hashed again before it is sent. */
  made(blob: MadeBlob): void;
  /** Makes sure that it is here; a download that was cut short goes on. Its bytes are not checked. @throws BaseError `client/…` */
  bring(root: Digest, signal: AbortSignal): Promise<void>;
  /** The checked bytes, from disk or else from the hub. @throws BaseError `client/…` */
  get(root: Digest, signal: AbortSignal): Promise<Uint8Array>;
  /** Removes those of `roots` whose bytes the disk has changed. @returns whether there were any */
  removeAltered(roots: readonly Digest[]): Promise<boolean>;
  /** Brings to the hub what it lacks of a blob that is here. */
  send(root: Digest, signal: AbortSignal): Promise<void>;
  /** Removes all but these. */
  keepOnly(roots: ReadonlySet<Digest>): Promise<void>;
}

const nativeSha256 = () => nodeCrypto.createSha256();

/** @param directory made if it isn't there. */
export async function openBlobStore(directory: string, transfers: Transfers): Promise<BlobStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  /** Of what was made here and is still to be sent. */
  const manifests = new Map<Digest, BlobManifest>();
  const pathOf = (root: Digest): string => blobPath(directory, root);
  const bring = createBringer(transfers, directory);
  return {
    folder: directory,
    made: ({ root, manifest }) => void manifests.set(root, manifest),
    bring,
    async get(root, signal) {
      for (;;) {
        await bring(root, signal);
        const bytes = await readFile(pathOf(root));
        if (verifyBlob(bytes, root, nativeSha256)) return bytes;
        await rm(pathOf(root), { force: true });
      }
    },
    async removeAltered(roots) {
      let isAny = false;
      for (const root of roots) {
        const bytes = await readFile(pathOf(root)).catch(() => null);
        if (bytes === null || verifyBlob(bytes, root, nativeSha256)) continue;
        await rm(pathOf(root), { force: true });
        isAny = true;
      }
      return isAny;
    },
    async send(root, signal) {
      await transfers.send({ path: pathOf(root), manifest: manifests.get(root) }, signal);
      manifests.delete(root);
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
