import { BLOB_CHUNK_BYTES, type BlobManifest, blobChunkCount, blobManifestSchema } from '@skein/alliance';
import { BaseError, type ByteSource, type Digest, digestFromHash, hashOfDigest, merkleRoot } from '@skein/core';
import { missingSchema, storedSchema } from './api.ts';
import type { BlobChunk, BlobSink, BlobTransferOptions } from './blob-sink.ts';
import { leafHash } from './leaf-hash.ts';
import { PARALLEL_CHUNKS } from './limits.ts';
import { inParallel } from './parallel.ts';
import type { Transport } from './request.ts';

/** Hashes a source chunk by chunk. Reads it once, 1 MiB at a time. */
export async function describeBlob(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<{ root: Digest; manifest: BlobManifest }> {
  const hashes: Uint8Array[] = [];
  for (let index = 0; index < blobChunkCount(source.size); index++) {
    hashes.push(await leafHash(await readChunk(source, index, signal)));
  }
  const manifest = { sizeBytes: source.size, chunks: hashes.map(digestFromHash) };
  return { root: digestFromHash(merkleRoot(hashes)), manifest };
}

/** Brings a blob to the hub: its manifest, then the chunks that the hub lacks, several at once. */
export async function uploadBlob(
  transport: Transport,
  source: ByteSource,
  options: BlobTransferOptions,
): Promise<Digest> {
  const { root, manifest } = await describeBlob(source, options.signal);
  const path = `/v1/blobs/${root}`;
  const put = { ...options, method: 'PUT' } as const;
  const { missing } = await transport.json({ ...put, path: `${path}/manifest`, json: manifest }, missingSchema);
  let doneBytes = source.size - missing.reduce((sum, index) => sum + chunkSize(source.size, index), 0);
  options.onProgress?.(doneBytes, source.size);
  await inParallel(missing, PARALLEL_CHUNKS, async (index) => {
    const bytes = new Uint8Array(await readChunk(source, index, options.signal));
    await transport.json({ ...put, path: `${path}/chunks/${index}`, bytes }, storedSchema);
    doneBytes += bytes.length;
    options.onProgress?.(doneBytes, source.size);
  });
  return root;
}

/**
 * Fetches a blob chunk by chunk, each checked before the sink gets it.
 * @throws BaseError `client/bad-blob` where the hub's bytes aren't those that the root names.
 */
export async function downloadBlob(
  transport: Transport,
  root: Digest,
  sink: BlobSink,
  options: BlobTransferOptions,
): Promise<void> {
  const path = `/v1/blobs/${root}`;
  const manifest = await transport.json({ ...options, path: `${path}/manifest` }, blobManifestSchema);
  const hashes = manifest.chunks.map(hashOfDigest);
  if (hashes.length !== blobChunkCount(manifest.sizeBytes) || digestFromHash(merkleRoot(hashes)) !== root) {
    throw badBlob(root, 'its manifest has another root');
  }
  await sink.begin?.(manifest.sizeBytes);
  let doneBytes = 0;
  await inParallel(hashes.entries(), PARALLEL_CHUNKS, async ([index, hash]) => {
    const sizeBytes = chunkSize(manifest.sizeBytes, index);
    const chunk: BlobChunk = { index, offset: index * BLOB_CHUNK_BYTES, sizeBytes, hash };
    if (!(await sink.has?.(chunk))) await fetchChunk(transport, { root, chunk, sink, options });
    doneBytes += sizeBytes;
    options.onProgress?.(doneBytes, manifest.sizeBytes);
  });
}

interface ChunkFetch {
  readonly root: Digest;
  readonly chunk: BlobChunk;
  readonly sink: BlobSink;
  readonly options: BlobTransferOptions;
}

async function fetchChunk(transport: Transport, { root, chunk, sink, options }: ChunkFetch): Promise<void> {
  const data = await transport.bytes({ ...options, path: `/v1/blobs/${root}/chunks/${chunk.index}` });
  const hash = await leafHash(data);
  if (data.length !== chunk.sizeBytes || digestFromHash(hash) !== digestFromHash(chunk.hash)) {
    throw badBlob(root, `chunk ${chunk.index} has other bytes`);
  }
  await sink.write(chunk, data);
}

function chunkSize(sizeBytes: number, index: number): number {
  return Math.min(BLOB_CHUNK_BYTES, sizeBytes - index * BLOB_CHUNK_BYTES);
}

function readChunk(source: ByteSource, index: number, signal?: AbortSignal): Promise<Uint8Array> {
  return source.read(index * BLOB_CHUNK_BYTES, chunkSize(source.size, index), signal);
}

function badBlob(root: Digest, what: string): BaseError {
  return new BaseError('client/bad-blob', `The hub’s blob ${root} is not what its name says: ${what}.`, {
    info: { root },
    hints: ['Don’t use it. Fetch it from another hub, and tell the operator of this one.'],
  });
}
