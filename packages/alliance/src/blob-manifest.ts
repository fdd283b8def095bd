import { digestSchema } from '@skein/core';
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

/** Chunks that a blob of this size has. */
export function blobChunkCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOB_CHUNK_BYTES);
}
