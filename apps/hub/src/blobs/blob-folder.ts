import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BLOB_CHUNK_BYTES,
  type BlobManifest,
  blobManifestSchema,
  type StartSha256,
  verifyChunk,
  verifyManifest,
} from '@skein/alliance';
import { BaseError, type Digest } from '@skein/core';
import { MAX_CACHED_MANIFESTS, RESERVED_DISK_BYTES } from '../limits.ts';
import { diskFull } from '../storage/disk-error.ts';
import { isMissing, syncDirectory, writeDurably } from '../storage/durable-file.ts';

/**
 * Blobs as folders of chunk files. A chunk's file exists only whole and checked, so what is missing is what has no file:
 * an upload that was cut short by anything goes on from there.
 */
export interface BlobFolder {
  /** Undefined where no manifest was stored. */
  manifest(root: Digest): Promise<BlobManifest | undefined>;
  /** @throws BaseError `hub/wrong-manifest`, `hub/disk-full` (also where the whole blob wouldn't fit). */
  putManifest(root: Digest, manifest: BlobManifest): Promise<void>;
  /** Chunks that have no file yet, ascending. @throws BaseError `hub/no-blob` */
  missing(root: Digest): Promise<number[]>;
  /** @throws BaseError `hub/no-blob`, `hub/no-chunk`, `hub/wrong-chunk`, `hub/disk-full` */
  putChunk(root: Digest, index: number, data: Uint8Array): Promise<void>;
  /** Part of a chunk; undefined where it has not come. */
  readChunk(
    root: Digest,
    index: number,
    offset?: number,
    length?: number,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  remove(root: Digest): Promise<void>;
}

/** @param directory made if needed; what an earlier process left half-written in it is removed. */
export async function openBlobFolder(directory: string): Promise<BlobFolder> {
  const temporary = join(directory, 'partial');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const place = createPlace(directory);
  const write = (path: string, data: Uint8Array): Promise<void> =>
    writeDurably(path, data, 0o644, join(temporary, randomUUID()));
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
      await write(join(folder, MANIFEST), Buffer.from(JSON.stringify(value)));
    },
    async missing(root) {
      const { chunks } = await needManifest(root);
      const present = new Set(await readdir(place.folder(root)));
      return [...chunks.keys()].filter((index) => !present.has(chunkName(index)));
    },
    async putChunk(root, index, data) {
      assertChunk(await needManifest(root), { root, index, data });
      await write(join(place.folder(root), chunkName(index)), data);
    },
    async readChunk(root, index, offset = 0, length = BLOB_CHUNK_BYTES) {
      const file = await open(join(place.folder(root), chunkName(index)), 'r').catch(undefinedIfMissing);
      return file && readPart(file, offset, length);
    },
    remove: (root) => place.remove(root),
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

interface OfferedChunk {
  readonly root: Digest;
  readonly index: number;
  readonly data: Uint8Array;
}

function assertChunk(manifest: BlobManifest, { root, index, data }: OfferedChunk): void {
  const count = manifest.chunks.length;
  if (index >= count)
    throw new BaseError('hub/no-chunk', `Blob ${root} has ${count} chunks, and none of index ${index}.`);
  if (verifyChunk(manifest, index, data, nativeSha256)) return;
  throw new BaseError('hub/wrong-chunk', `The ${data.length} bytes aren't chunk ${index} of blob ${root}.`, {
    hints: ['Send it again: it may have been damaged on the way, or the file has changed since it was hashed.'],
  });
}

/** Ten times faster than the one in JavaScript. */
const nativeSha256: StartSha256 = () => createHash('sha256');

function chunkName(index: number): string {
  return String(index).padStart(6, '0');
}

async function readPart(file: FileHandle, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const part = new Uint8Array(length);
    const { bytesRead } = await file.read(part, 0, length, offset);
    return part.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
