import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { BLOB_CHUNK_BYTES, blobManifestSchema } from '@skein/alliance';
import { CHUNKS_PER_REQUEST, missingSchema, storedSchema } from '@skein/client';
import { BaseError } from '@skein/core';
import { z } from 'zod';
import { noBlob } from '../blobs/blob-folder.ts';
import { readBlobRange } from '../blobs/read-blob-range.ts';
import { limitBody } from '../http/limit-body.ts';
import { readBytes } from '../http/read-bytes.ts';
import { parseRange } from '../http/parse-range.ts';
import { bytesContent, countParameter, replies, rootParameter } from '../http/schemas.ts';
import type { HubServices } from '../hub-services.ts';
import { MAX_MANIFEST_BYTES } from '../limits.ts';

const chunkParameter = rootParameter.extend({ index: countParameter });
const countQuery = z.object({
  count: countParameter.refine((count) => count >= 1 && count <= CHUNKS_PER_REQUEST).default(1),
});

const putManifestRoute = createRoute({
  method: 'put',
  path: '/v1/blobs/{root}/manifest',
  summary: 'Begin an upload, or find out what it still lacks',
  middleware: [limitBody(MAX_MANIFEST_BYTES)],
  request: {
    params: rootParameter,
    body: { required: true, content: { 'application/json': { schema: blobManifestSchema } } },
  },
  responses: replies('Chunks that are still missing', missingSchema),
});

const getManifestRoute = createRoute({
  method: 'get',
  path: '/v1/blobs/{root}/manifest',
  summary: 'Size and chunk hashes of a blob',
  request: { params: rootParameter },
  responses: replies('The manifest', blobManifestSchema),
});

const missingRoute = createRoute({
  method: 'get',
  path: '/v1/blobs/{root}/missing',
  summary: 'Chunks that the hub still lacks',
  request: { params: rootParameter },
  responses: replies('Indices, ascending', missingSchema),
});

const putChunkRoute = createRoute({
  method: 'put',
  path: '/v1/blobs/{root}/chunks/{index}',
  summary: 'Chunks of 1 MiB, the last one shorter, from an index on',
  middleware: [limitBody(CHUNKS_PER_REQUEST * BLOB_CHUNK_BYTES)],
  request: { params: chunkParameter, body: { required: true, content: bytesContent } },
  responses: replies('They are checked and stored', storedSchema),
});

const wholeReply = (description: string) => ({ description, content: bytesContent });

const getChunkRoute = createRoute({
  method: 'get',
  path: '/v1/blobs/{root}/chunks/{index}',
  summary: 'Chunks from an index on, `count` of them (1)',
  request: { params: chunkParameter, query: countQuery },
  responses: { 200: wholeReply('Their bytes') },
});

const getBlobRoute = createRoute({
  method: 'get',
  path: '/v1/blobs/{root}',
  summary: 'The whole blob, or a range of it (Range: bytes=…)',
  request: { params: rootParameter },
  responses: { 200: wholeReply('All of it'), 206: wholeReply('The range asked for') },
});

/** What a root names never changes. */
const CACHE = { 'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'application/octet-stream' };

export function blobRoutes(app: OpenAPIHono, services: HubServices): void {
  const { blobs, blobDesk, coordinator } = services;
  const sent = (root: string, sizeBytes: number): void => {
    services.traffic.countBlob(root, sizeBytes);
    services.metrics.bytes.inc({ direction: 'out' }, sizeBytes);
  };
  app.openapi(putManifestRoute, async (c) => {
    const missing = await blobDesk.putManifest(c.req.valid('param').root, c.req.valid('json'));
    return c.json({ missing }, 200);
  });
  app.openapi(getManifestRoute, async (c) => {
    const { root } = c.req.valid('param');
    const manifest = await blobs.manifest(root);
    if (manifest === undefined) throw noBlob(root);
    return c.json(manifest, 200);
  });
  app.openapi(missingRoute, async (c) => c.json({ missing: await blobDesk.missing(c.req.valid('param').root) }, 200));
  app.openapi(putChunkRoute, async (c) => {
    const { root, index } = c.req.valid('param');
    const isWhole = await blobDesk.putChunks(root, index, await readBytes(c));
    if (isWhole) coordinator.poke();
    return c.json({ stored: true as const }, 200);
  });
  app.openapi(getChunkRoute, async (c) => {
    const { root, index } = c.req.valid('param');
    const { count } = c.req.valid('query');
    const bytes = await blobs.read(root, index * BLOB_CHUNK_BYTES, count * BLOB_CHUNK_BYTES);
    if (bytes === undefined) throw new BaseError('hub/no-chunk', `Chunk ${index} of blob ${root} isn't here.`);
    sent(root, bytes.length);
    return c.body(bytes, 200, CACHE);
  });
  app.openapi(getBlobRoute, async (c) => {
    const { root } = c.req.valid('param');
    const manifest = await blobs.manifest(root);
    if (manifest === undefined || (await blobs.missing(root)).length > 0) throw noBlob(root);
    const range = parseRange(c.req.header('range'), manifest.sizeBytes);
    const { start, end } = range ?? { start: 0, end: manifest.sizeBytes };
    const headers = { ...CACHE, etag: `"${root}"`, 'accept-ranges': 'bytes', 'content-length': String(end - start) };
    const body = readBlobRange(blobs, root, { start, end, onBytes: (count) => sent(root, count) });
    if (range === undefined) return c.body(body, 200, headers);
    return c.body(body, 206, { ...headers, 'content-range': `bytes ${start}-${end - 1}/${manifest.sizeBytes}` });
  });
}
