import { BLOB_CHUNK_BYTES } from '@skein/alliance';
import type { Digest } from '@skein/core';
import { type BlobFolder, noBlob } from './blob-folder.ts';

export interface BlobRange {
  readonly start: number;
  /** Not included. */
  readonly end: number;
  readonly onBytes: (count: number) => void;
}

/** A stretch of a blob as a stream that holds one chunk at a time. Breaks off where a chunk is gone. */
export function readBlobRange(
  blobs: BlobFolder,
  root: Digest,
  range: BlobRange,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = range.start;
  return new ReadableStream({
    async pull(controller) {
      if (at >= range.end) {
        controller.close();
        return;
      }
      const length = Math.min(BLOB_CHUNK_BYTES, range.end - at);
      const part = await blobs.read(root, at, length);
      if (part === undefined || part.length !== length) throw noBlob(root);
      at += length;
      range.onBytes(length);
      controller.enqueue(part);
    },
  });
}
