import { BaseError, type Digest } from '@skein/core';
import type { BlobStore } from './blob-store.ts';

/**
 * A blob's bytes, or undefined where the hub hasn't got it or has other bytes under its name. A hub that can't be reached
 * throws: then nothing is known yet.
 */
export async function readIfThere(
  blobs: BlobStore,
  root: Digest,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await blobs.get(root, signal);
  } catch (error) {
    const isMissing = error instanceof BaseError && (error.info['status'] === 404 || error.code === 'client/bad-blob');
    if (!isMissing) throw error;
    return undefined;
  }
}
