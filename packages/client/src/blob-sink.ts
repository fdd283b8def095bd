import type { BlobManifest } from '@skein/alliance';
import type { CallOptions } from './request.ts';

/** One chunk of a blob, by its place and its hash. */
export interface BlobChunk {
  readonly index: number;
  /** Of its first byte in the blob. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** RFC 9162 leaf hash. */
  readonly hash: Uint8Array;
}

/** Where a download goes: a file, memory, a browser's storage. Chunks come checked, in any order, several at once. */
export interface BlobSink {
  /** Called once, before any chunk. */
  begin?(sizeBytes: number): Promise<void>;
  /** Whether the chunk is there already, from a download that was cut short; the sink checks its own bytes. */
  has?(chunk: BlobChunk): Promise<boolean>;
  write(chunk: BlobChunk, data: Uint8Array): Promise<void>;
}

export interface BlobTransferOptions extends CallOptions {
  /** After each chunk, those that were there already counted too. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export interface BlobUploadOptions extends BlobTransferOptions {
  /** The source's own, from its making, so that it isn't hashed again. */
  readonly manifest?: BlobManifest | undefined;
}
