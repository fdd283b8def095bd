import { nodeCrypto } from '@skein/privacy/node';
import { uploadRoot } from '@skein/privacy';
import { describe, expect, it } from 'vitest';
import { blobManifestOf, blobRoot, verifyBlob, verifyChunk, verifyManifest } from './blob-manifest.ts';
import { BLOB_CHUNK_BYTES } from './limits.ts';

const native = () => nodeCrypto.createSha256();
const blob = new Uint8Array(2 * BLOB_CHUNK_BYTES + 5).map((_, index) => index % 251);
const manifest = blobManifestOf(blob, native);

describe('a blob', () => {
  it('has the root under which secure aggregation knows it', () => {
    expect(manifest.chunks).toHaveLength(3);
    expect(blobRoot(manifest)).toBe(uploadRoot(nodeCrypto, blob));
    expect(blobManifestOf(blob.subarray(0, 1000))).toEqual(blobManifestOf(blob.subarray(0, 1000), native));
  });

  it('is checked chunk by chunk', () => {
    const last = blob.subarray(2 * BLOB_CHUNK_BYTES);
    expect(verifyChunk(manifest, 2, last)).toBe(true);
    expect(verifyChunk(manifest, 1, last)).toBe(false);
    expect(verifyChunk(manifest, 2, blob.subarray(2 * BLOB_CHUNK_BYTES, -1))).toBe(false);
    expect(
      verifyChunk(
        manifest,
        2,
        Uint8Array.from(last, (byte) => byte + 1),
      ),
    ).toBe(false);
  });

  it('is refused with another root, another size or a chunk too many', () => {
    const root = blobRoot(manifest);
    expect(verifyBlob(blob, root, native)).toBe(true);
    expect(verifyBlob(blob.subarray(1), root, native)).toBe(false);
    expect(verifyBlob(new Uint8Array(), root)).toBe(false);
    expect(verifyManifest(manifest, root)).toBe(true);
    expect(verifyManifest({ ...manifest, sizeBytes: 5 }, root)).toBe(false);
    expect(verifyManifest({ ...manifest, chunks: manifest.chunks.slice(1) }, root)).toBe(false);
  });
});
