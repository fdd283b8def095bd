import { BLOB_CHUNK_BYTES, type BlobManifest, blobChunkCount, blobManifestSchema } from '@skein/alliance';
import { BaseError, type ByteSource, type Digest, digestFromHash, hashOfDigest, merkleRoot } from '@skein/core';
import { missingSchema, storedSchema } from './api.ts';
import type { BlobChunk, BlobSink, BlobTransferOptions, BlobUploadOptions } from './blob-sink.ts';
import type { LeafHash } from './leaf-hash.ts';
import { ATTEMPT_TIMEOUT_MS, CHUNKS_PER_REQUEST, PARALLEL_REQUESTS } from './limits.ts';
import { inParallel } from './parallel.ts';
import type { Transport } from './request.ts';

/** What transfers go through. */
export interface BlobPort {
  readonly transport: Transport;
  readonly leafHash: LeafHash;
}

/** Hashes a source chunk by chunk. Reads it once, 1 MiB at a time. */
async function describeBlob({ leafHash }: BlobPort, source: ByteSource, signal?: AbortSignal): Promise<BlobManifest> {
  const chunks: Digest[] = [];
  for (let index = 0; index < blobChunkCount(source.size); index++) {
    chunks.push(digestFromHash(await leafHash(await readChunks(source, index, 1, signal))));
  }
  return { sizeBytes: source.size, chunks };
}

/** Brings a blob to the hub: its manifest, then the chunks that the hub lacks, several at once. */
export async function uploadBlob(port: BlobPort, source: ByteSource, options: BlobUploadOptions): Promise<Digest> {
  const { transport } = port;
  const manifest = options.manifest ?? (await describeBlob(port, source, options.signal));
  const root = digestFromHash(merkleRoot(manifest.chunks.map(hashOfDigest)));
  const path = `/v1/blobs/${root}`;
  const put = { ...options, method: 'PUT' } as const;
  const { missing } = await transport.json({ ...put, path: `${path}/manifest`, json: manifest }, missingSchema);
  let doneBytes = source.size - missing.reduce((sum, index) => sum + chunkSize(source.size, index), 0);
  options.onProgress?.(doneBytes, source.size);
  await inParallel(runsOf(missing), PARALLEL_REQUESTS, async ([first, count]) => {
    const bytes = await readChunks(source, first, count, options.signal);
    const attemptMs = count * ATTEMPT_TIMEOUT_MS;
    await transport.json({ ...put, path: `${path}/chunks/${first}`, bytes, attemptMs }, storedSchema);
    doneBytes += bytes.length;
    options.onProgress?.(doneBytes, source.size);
  });
  return root;
}

/**
 * Fetches what a sink lacks of a blob, each chunk checked before the sink gets it.
 * @throws BaseError `client/bad-blob` where the hub's bytes aren't those that the root names.
 */
export async function downloadBlob(
  port: BlobPort,
  root: Digest,
  sink: BlobSink,
  options: BlobTransferOptions,
): Promise<void> {
  const path = `/v1/blobs/${root}/manifest`;
  const { sizeBytes, chunks } = await port.transport.json({ ...options, path }, blobManifestSchema);
  const hashes = chunks.map(hashOfDigest);
  if (hashes.length !== blobChunkCount(sizeBytes) || digestFromHash(merkleRoot(hashes)) !== root) {
    throw badBlob(root, 'its manifest has another root');
  }
  await sink.begin?.(sizeBytes);
  const lacking: number[] = [];
  const chunkAt = (index: number): BlobChunk => {
    return { index, offset: index * BLOB_CHUNK_BYTES, sizeBytes: chunkSize(sizeBytes, index), hash: hashes[index]! };
  };
  for (const index of hashes.keys()) if (!(await sink.has?.(chunkAt(index)))) lacking.push(index);
  let doneBytes = sizeBytes - lacking.reduce((sum, index) => sum + chunkSize(sizeBytes, index), 0);
  options.onProgress?.(doneBytes, sizeBytes);
  await inParallel(runsOf(lacking), PARALLEL_REQUESTS, async ([first, count]) => {
    const run = Array.from({ length: count }, (_, offset) => chunkAt(first + offset));
    await fetchRun(port, { root, run, sink, options });
    doneBytes += run.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
    options.onProgress?.(doneBytes, sizeBytes);
  });
}

interface RunFetch {
  readonly root: Digest;
  /** Chunks that follow one another. */
  readonly run: readonly BlobChunk[];
  readonly sink: BlobSink;
  readonly options: BlobTransferOptions;
}

async function fetchRun({ transport, leafHash }: BlobPort, { root, run, sink, options }: RunFetch): Promise<void> {
  const path = `/v1/blobs/${root}/chunks/${run[0]!.index}?count=${run.length}`;
  const sizeBytes = run.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
  const data = await transport.bytes({ ...options, path, attemptMs: run.length * ATTEMPT_TIMEOUT_MS }, sizeBytes);
  let at = 0;
  for (const chunk of run) {
    const bytes = data.subarray(at, at + chunk.sizeBytes);
    at += chunk.sizeBytes;
    const hash = await leafHash(bytes);
    if (bytes.length !== chunk.sizeBytes || digestFromHash(hash) !== digestFromHash(chunk.hash)) {
      throw badBlob(root, `chunk ${chunk.index} has other bytes`);
    }
    await sink.write(chunk, bytes);
  }
}

/** Ascending indices as runs that one request carries: [first, count]. */
function runsOf(indices: readonly number[]): (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const index of indices) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === index && last[1] < CHUNKS_PER_REQUEST) last[1] += 1;
    else runs.push([index, 1]);
  }
  return runs;
}

function chunkSize(sizeBytes: number, index: number): number {
  return Math.min(BLOB_CHUNK_BYTES, sizeBytes - index * BLOB_CHUNK_BYTES);
}

function readChunks(source: ByteSource, first: number, count: number, signal?: AbortSignal): Promise<Uint8Array> {
  const offset = first * BLOB_CHUNK_BYTES;
  return source.read(offset, Math.min(count * BLOB_CHUNK_BYTES, source.size - offset), signal);
}

function badBlob(root: Digest, what: string): BaseError {
  return new BaseError('client/bad-blob', `The hub’s blob ${root} is not what its name says: ${what}.`, {
    info: { root },
    hints: ['Don’t use it. Fetch it from another hub, and tell the operator of this one.'],
  });
}
