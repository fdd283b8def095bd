import {
  createSha256,
  type Digest,
  digestFromHash,
  digestSchema,
  hashOfDigest,
  merkleRoot,
  type Sha256,
} from '@skein/core';
import { z } from 'zod';
import { BLOB_CHUNK_BYTES, MAX_BLOB_BYTES } from './limits.ts';

/**
 * The chunks of a blob by their hashes. A blob is named by the Merkle root over its chunks (RFC 9162: leaf hashes of
 * 1 MiB each, the last one shorter), so that every chunk can be checked as it arrives.
 */
export const blobManifestSchema = z.strictObject({
  sizeBytes: z.int().positive().max(MAX_BLOB_BYTES),
  /** RFC 9162 leaf hash of each chunk, in order. */
  chunks: z.array(digestSchema).min(1),
});

export type BlobManifest = z.infer<typeof blobManifestSchema>;

/** Starts a SHA-256 computation; hosts pass a native one, which is ten times faster. */
export type StartSha256 = () => Sha256;

/** Chunks that a blob of this size has. */
export function blobChunkCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOB_CHUNK_BYTES);
}

/** The manifest of a blob in memory. @throws RangeError for an empty one */
export function blobManifestOf(blob: Uint8Array, sha256: StartSha256 = createSha256): BlobManifest {
  if (blob.length === 0) throw new RangeError('A blob has at least one byte');
  const chunks = Array.from({ length: blobChunkCount(blob.length) }, (_, index) =>
    chunkHash(blob.subarray(index * BLOB_CHUNK_BYTES, (index + 1) * BLOB_CHUNK_BYTES), sha256),
  );
  return { sizeBytes: blob.length, chunks };
}

/** What a blob is named by: the Merkle root over its chunks. */
export function blobRoot(manifest: BlobManifest): Digest {
  return digestFromHash(merkleRoot(manifest.chunks.map(hashOfDigest)));
}

/** Whether a manifest is the one that a root names, with as many chunks as its size needs. */
export function verifyManifest(manifest: BlobManifest, root: Digest): boolean {
  return manifest.chunks.length === blobChunkCount(manifest.sizeBytes) && blobRoot(manifest) === root;
}

/** Whether these bytes are the chunk at `index`, whole. */
export function verifyChunk(
  manifest: BlobManifest,
  index: number,
  chunk: Uint8Array,
  sha256: StartSha256 = createSha256,
): boolean {
  const expectedBytes = Math.min(BLOB_CHUNK_BYTES, manifest.sizeBytes - index * BLOB_CHUNK_BYTES);
  return chunk.length === expectedBytes && chunkHash(chunk, sha256) === manifest.chunks[index];
}

/** Whether a blob in memory is the one that a root names. */
export function verifyBlob(blob: Uint8Array, root: Digest, sha256: StartSha256 = createSha256): boolean {
  return blob.length > 0 && blobRoot(blobManifestOf(blob, sha256)) === root;
}

const LEAF = Uint8Array.of(0);

function chunkHash(chunk: Uint8Array, sha256: StartSha256): Digest {
  return digestFromHash(sha256().update(LEAF).update(chunk).digest());
}
