import { mkdir, readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BLOB_CHUNK_BYTES,
  type BlobManifest,
  blobChunkCount,
  blobManifestSchema,
  verifyChunk,
  verifyManifest,
} from '@skein/alliance';
import { BaseError, type Digest } from '@skein/core';
import { MAX_CACHED_MANIFESTS, RESERVED_DISK_BYTES } from '../limits.ts';
import { diskFull } from '../storage/disk-error.ts';
import { isMissing, syncDirectory, writeDurably } from '../storage/durable-file.ts';
import { createUnfinishedBlobs, nativeSha256 } from './unfinished-blobs.ts';

/**
 * Blobs as folders of a manifest and one file. Chunks are checked before they are written to their place in `coming`,
 * which is renamed to `whole` once it is complete and on the disk. After a restart the bytes themselves tell which chunks
 * have come: an upload that was cut short by anything goes on from there.
 */
export interface BlobFolder {
  /** Undefined where no manifest was stored. */
  manifest(root: Digest): Promise<BlobManifest | undefined>;
  /** @throws BaseError `hub/wrong-manifest`, `hub/disk-full` (also where the whole blob wouldn't fit). */
  putManifest(root: Digest, manifest: BlobManifest): Promise<void>;
  /** Chunks that have not come yet, ascending; once there are none, the blob is on the disk. @throws BaseError `hub/no-blob` */
  missing(root: Digest): Promise<number[]>;
  /**
   * Takes whole chunks that follow one another.
   * @returns how many are still missing
   * @throws BaseError `hub/no-blob`, `hub/no-chunk`, `hub/wrong-chunk`, `hub/disk-full`
   */
  putChunks(root: Digest, first: number, data: Uint8Array): Promise<number>;
  /** Bytes of a blob, not past its end; undefined where some of them have not come. */
  read(root: Digest, offset: number, length: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  remove(root: Digest): Promise<void>;
}

/** @param directory made if needed. */
export async function openBlobFolder(directory: string): Promise<BlobFolder> {
  await mkdir(directory, { recursive: true });
  const place = createPlace(directory);
  const unfinished = createUnfinishedBlobs(place.folder);
  const needManifest = async (root: Digest): Promise<BlobManifest> => {
    const found = await place.manifest(root);
    if (found === undefined) throw noBlob(root);
    return found;
  };
  return {
    manifest: (root) => place.manifest(root),
    async putManifest(root, value) {
      assertNames(root, value);
      if ((await place.manifest(root)) !== undefined) return;
      const { bavail, bsize } = await statfs(directory);
      if (bavail * bsize < value.sizeBytes + RESERVED_DISK_BYTES) throw diskFull();
      const folder = place.folder(root);
      await mkdir(folder, { recursive: true });
      await syncDirectory(join(folder, '..'));
      await syncDirectory(directory);
      await writeDurably(join(folder, MANIFEST), Buffer.from(JSON.stringify(value)));
    },
    async missing(root) {
      const rest = await unfinished.rest(root, await needManifest(root));
      return [...rest].sort((a, b) => a - b);
    },
    async putChunks(root, first, data) {
      const manifest = await needManifest(root);
      const indices = assertChunks(manifest, { root, first, data });
      return await unfinished.put(root, manifest, { indices, data });
    },
    async read(root, offset, length) {
      const manifest = await place.manifest(root);
      if (manifest === undefined || offset >= manifest.sizeBytes) return undefined;
      const size = Math.min(length, manifest.sizeBytes - offset);
      const rest = await unfinished.rest(root, manifest);
      const end = Math.ceil((offset + size) / BLOB_CHUNK_BYTES);
      for (let index = Math.floor(offset / BLOB_CHUNK_BYTES); index < end; index++) {
        if (rest.has(index)) return undefined;
      }
      return await unfinished.read(root, offset, size);
    },
    async remove(root) {
      unfinished.forget(root);
      await place.remove(root);
    },
  };
}

const MANIFEST = 'manifest.json';

/** Where blobs lie in a directory, and their manifests, the last used of them in memory. */
function createPlace(directory: string) {
  const manifests = new Map<Digest, BlobManifest>();
  const folder = (root: Digest): string => {
    const hash = root.slice('sha256:'.length);
    return join(directory, hash.slice(0, 2), hash);
  };
  return {
    folder,
    async manifest(root: Digest): Promise<BlobManifest | undefined> {
      const cached = manifests.get(root);
      if (cached !== undefined) return cached;
      const text = await readFile(join(folder(root), MANIFEST), 'utf8').catch(undefinedIfMissing);
      if (text === undefined) return undefined;
      const parsed = blobManifestSchema.parse(JSON.parse(text));
      if (manifests.size >= MAX_CACHED_MANIFESTS) manifests.delete(manifests.keys().next().value as Digest);
      manifests.set(root, parsed);
      return parsed;
    },
    async remove(root: Digest): Promise<void> {
      manifests.delete(root);
      // The manifest goes first: without it the rest is nothing.
      await rm(join(folder(root), MANIFEST), { force: true });
      await rm(folder(root), { recursive: true, force: true });
    },
  };
}

export function noBlob(root: Digest): BaseError {
  return new BaseError('hub/no-blob', `There is no blob ${root} here.`, {
    hints: ['It may not have been uploaded yet, or its time of retention is over.'],
  });
}

function assertNames(root: Digest, manifest: BlobManifest): void {
  if (verifyManifest(manifest, root)) return;
  const { length } = manifest.chunks;
  throw new BaseError('hub/wrong-manifest', `The manifest of ${length} chunks isn't that of blob ${root}.`);
}

interface OfferedChunks {
  readonly root: Digest;
  readonly first: number;
  readonly data: Uint8Array;
}

/** @returns the chunks' indices. */
function assertChunks(manifest: BlobManifest, { root, first, data }: OfferedChunks): number[] {
  const count = manifest.chunks.length;
  const indices = Array.from({ length: Math.max(1, blobChunkCount(data.length)) }, (_, index) => first + index);
  for (const index of indices) {
    if (index >= count)
      throw new BaseError('hub/no-chunk', `Blob ${root} has ${count} chunks, and none of index ${index}.`);
    const offset = (index - first) * BLOB_CHUNK_BYTES;
    if (verifyChunk(manifest, index, data.subarray(offset, offset + BLOB_CHUNK_BYTES), nativeSha256)) continue;
    throw new BaseError('hub/wrong-chunk', `The bytes aren't chunk ${index} of blob ${root}.`, {
      hints: ['Send it again: it may have been damaged on the way, or the file has changed since it was hashed.'],
    });
  }
  return indices;
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
