import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOB_CHUNK_BYTES, type BlobManifest, type StartSha256, verifyChunk } from '@skein/alliance';
import type { Digest } from '@skein/core';
import { diskError } from '../storage/disk-error.ts';
import { isMissing, syncDirectory } from '../storage/durable-file.ts';

/** Chunks that follow one another, checked. */
interface CheckedChunks {
  readonly indices: readonly number[];
  readonly data: Uint8Array;
}

/** The bytes of blobs, and what of them has not come. */
export interface UnfinishedBlobs {
  /** Chunks that have not come. Empty: the blob is on the disk under its final name. */
  rest(root: Digest, manifest: BlobManifest): Promise<ReadonlySet<number>>;
  /** @returns how many chunks have not come yet. @throws BaseError `hub/disk-full` */
  put(root: Digest, manifest: BlobManifest, chunks: CheckedChunks): Promise<number>;
  /** Bytes that have come; undefined where the file is gone. */
  read(root: Digest, offset: number, length: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  forget(root: Digest): void;
}

const WHOLE = 'whole';
const COMING = 'coming';

/** Ten times faster than the one in JavaScript. */
export const nativeSha256: StartSha256 = () => createHash('sha256');

export function createUnfinishedBlobs(folderOf: (root: Digest) => string): UnfinishedBlobs {
  const known = new Map<Digest, Promise<Set<number>>>();
  /** One look, or one end, for all who ask meanwhile. */
  const remember = (root: Digest, rest: Promise<Set<number>>): Promise<Set<number>> => {
    known.set(root, rest);
    rest.catch(() => known.delete(root));
    return rest;
  };
  const restOf = (root: Digest, manifest: BlobManifest): Promise<Set<number>> =>
    known.get(root) ?? remember(root, findRest(folderOf(root), manifest));
  return {
    rest: restOf,
    async put(root, manifest, { indices, data }) {
      const rest = await restOf(root, manifest);
      if (!indices.some((index) => rest.has(index))) return rest.size;
      await write(join(folderOf(root), COMING), indices[0]! * BLOB_CHUNK_BYTES, data);
      // Somebody may have sent the same meanwhile.
      const before = rest.size;
      for (const index of indices) rest.delete(index);
      if (rest.size > 0) return rest.size;
      await (before > 0 ? remember(root, finish(folderOf(root))) : restOf(root, manifest));
      return 0;
    },
    async read(root, offset, length) {
      const file = await openBlob(folderOf(root));
      return file && (await readAndClose(file, offset, length));
    },
    forget: (root) => void known.delete(root),
  };
}

/** The bytes tell what has come: whatever a kill or a power cut left of the file is hashed. */
async function findRest(folder: string, manifest: BlobManifest): Promise<Set<number>> {
  const rest = new Set(manifest.chunks.keys());
  if (await isThere(join(folder, WHOLE))) return new Set();
  const file = await open(join(folder, COMING), 'r').catch(undefinedIfMissing);
  if (file === undefined) return rest;
  try {
    const chunk = Buffer.allocUnsafeSlow(BLOB_CHUNK_BYTES);
    for (const index of manifest.chunks.keys()) {
      const { bytesRead } = await file.read(chunk, 0, BLOB_CHUNK_BYTES, index * BLOB_CHUNK_BYTES);
      if (verifyChunk(manifest, index, chunk.subarray(0, bytesRead), nativeSha256)) rest.delete(index);
    }
  } finally {
    await file.close();
  }
  return rest.size === 0 ? await finish(folder) : rest;
}

/** All bytes are there: they are made durable, and then named so. */
async function finish(folder: string): Promise<Set<number>> {
  try {
    const file = await open(join(folder, COMING), 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(join(folder, COMING), join(folder, WHOLE));
    await syncDirectory(folder);
    return new Set();
  } catch (error) {
    throw diskError(error);
  }
}

async function write(path: string, offset: number, data: Uint8Array): Promise<void> {
  try {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    try {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await file.write(data, done, data.length - done, offset + done);
        done += bytesWritten;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw diskError(error);
  }
}

async function openBlob(folder: string): Promise<FileHandle | undefined> {
  const whole = await open(join(folder, WHOLE), 'r').catch(undefinedIfMissing);
  return whole ?? (await open(join(folder, COMING), 'r').catch(undefinedIfMissing));
}

async function readAndClose(file: FileHandle, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { buffer } = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await file.read(new Uint8Array(buffer), 0, length, offset);
    return new Uint8Array(buffer, 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(undefinedIfMissing);
  await file?.close();
  return file !== undefined;
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
