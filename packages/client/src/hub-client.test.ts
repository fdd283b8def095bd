import { BLOB_CHUNK_BYTES } from '@skein/alliance';
import { createMemorySource, digestFromHash, digestOfBytes, merkleLeafHash, merkleRoot } from '@skein/core';
import { afterEach, describe, expect, it } from 'vitest';
import { createHubClient } from './index.ts';
import { type Listening, listen, sendJson } from './testing/listen.ts';

const open: Listening[] = [];
const serve = async (...parameters: Parameters<typeof listen>): Promise<string> => {
  const server = await listen(...parameters);
  open.push(server);
  return server.url;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const root = digestOfBytes(Uint8Array.of(1));
const refusal = { code: 'hub/disk-full', message: 'The disk is full.', hints: ['Free some space.'] };

describe('a call', () => {
  it('names the protocol and tells the skew of clocks', async () => {
    let protocol: unknown;
    const url = await serve((request, response) => {
      protocol = request.headers['skein-protocol'];
      response.setHeader('skein-chain-time', String(Math.floor(Date.now() / 1000) - 3600));
      sendJson(response, 200, { hashes: [root] });
    });
    const client = createHubClient({ url });
    expect(client.clockSkewSeconds()).toBeNull();
    expect(await client.consistencyProof(1, 2)).toEqual([root]);
    expect(protocol).toBe('skein/1');
    expect(client.clockSkewSeconds()).toBeGreaterThan(3590);
    expect(client.clockSkewSeconds()).toBeLessThan(3660);
  });

  it('is tried again after a broken connection and after 503', async () => {
    let calls = 0;
    const url = await serve((request, response) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else if (calls === 2)
        sendJson(response, 503, { code: 'hub/chain-down', message: 'The chain is down.', hints: [] });
      else sendJson(response, 200, { hashes: [] });
    });
    expect(await createHubClient({ url }).consistencyProof(1, 1)).toEqual([]);
    expect(calls).toBe(3);
  });

  it('is not tried again where that is no use, and carries the word of the hub', async () => {
    let calls = 0;
    const url = await serve((_, response) => {
      calls += 1;
      sendJson(response, 507, refusal);
    });
    await expect(createHubClient({ url }).info()).rejects.toMatchObject({ ...refusal, info: { status: 507 } });
    expect(calls).toBe(1);
  });

  it('gives up when patience ends', async () => {
    const url = await serve((request) => request.socket.destroy());
    await expect(createHubClient({ url, patienceMs: 0 }).info()).rejects.toMatchObject({ code: 'client/unreachable' });
  });

  it('ends when the signal aborts', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort(new Error('enough')));
    await expect(createHubClient({ url }).info({ signal: controller.signal })).rejects.toThrow('enough');
  });

  it('refuses replies of another shape', async () => {
    const url = await serve((_, response) => sendJson(response, 200, { hashes: ['md5:00'] }));
    await expect(createHubClient({ url }).consistencyProof(1, 2)).rejects.toMatchObject({ code: 'client/bad-reply' });
  });
});

describe('addresses', () => {
  it.each(['ftp://a', 'nonsense', 'http://user@127.0.0.1'])('%s is refused', (url) => {
    expect(() => createHubClient({ url })).toThrow(expect.objectContaining({ code: 'client/bad-url' }));
  });

  it('of other machines need TLS or leave', () => {
    const url = 'http://hub.example.org';
    expect(() => createHubClient({ url })).toThrow(expect.objectContaining({ code: 'client/insecure-url' }));
    expect(createHubClient({ url, allowInsecure: true }).url).toBe(url);
    expect(createHubClient({ url: 'https://hub.example.org/skein/' }).url).toBe('https://hub.example.org/skein');
    expect(createHubClient({ url: 'http://[::1]:8700' }).url).toBe('http://[::1]:8700');
  });
});

describe('blobs', () => {
  const data = new Uint8Array(2 * BLOB_CHUNK_BYTES + 5).map((_, at) => at * 7);
  const chunks = [0, 1, 2].map((index) => data.slice(index * BLOB_CHUNK_BYTES, (index + 1) * BLOB_CHUNK_BYTES));
  const hashes = chunks.map(merkleLeafHash);
  const manifest = { sizeBytes: data.length, chunks: hashes.map(digestFromHash) };
  const blobRoot = digestFromHash(merkleRoot(hashes));

  it('go up without the chunks that are there', async () => {
    const got = new Map<string, Buffer>();
    const url = await serve((request, response, body) => {
      got.set(request.url ?? '', body);
      const isManifest = request.url?.endsWith('/manifest') === true;
      sendJson(response, 200, isManifest ? { missing: [0, 2] } : { stored: true });
    });
    const progress: number[] = [];
    const onProgress = (done: number): void => void progress.push(done);
    expect(await createHubClient({ url }).uploadBlob(createMemorySource(data), { onProgress })).toBe(blobRoot);
    expect(JSON.parse(String(got.get(`/v1/blobs/${blobRoot}/manifest`)))).toEqual(manifest);
    expect(got.get(`/v1/blobs/${blobRoot}/chunks/0`)?.equals(chunks[0] ?? new Uint8Array())).toBe(true);
    expect(got.get(`/v1/blobs/${blobRoot}/chunks/2`)?.equals(chunks[2] ?? new Uint8Array())).toBe(true);
    expect(got.size).toBe(3);
    expect([progress[0], progress.at(-1)]).toEqual([BLOB_CHUNK_BYTES, data.length]);
  });

  const serveBlob = (change: (index: number, chunk: Uint8Array) => Uint8Array): Promise<string> =>
    serve((request, response) => {
      if (request.url?.endsWith('/manifest')) return sendJson(response, 200, manifest);
      const [, first, count] = /chunks\/(\d+)\?count=(\d+)$/.exec(request.url ?? '')!.map(Number);
      const asked = [...chunks.keys()].slice(first, first! + count!);
      response.writeHead(200).end(Buffer.concat(asked.map((index) => change(index, chunks[index]!))));
    });

  it('come down checked, without what the sink has', async () => {
    const url = await serveBlob((_, chunk) => chunk);
    const copy = data.slice();
    copy.fill(0, 0, BLOB_CHUNK_BYTES);
    await createHubClient({ url }).downloadBlob(blobRoot, {
      has: async ({ index }) => index > 0,
      write: async ({ offset }, chunk) => copy.set(chunk, offset),
    });
    expect(copy).toEqual(data);
  });

  it('with a wrong byte or another manifest never reach the sink', async () => {
    const url = await serveBlob((index, chunk) => (index === 1 ? chunk.with(9, 1 ^ (chunk[9] ?? 0)) : chunk));
    const written: number[] = [];
    const sink = { write: async ({ index }: { index: number }) => void written.push(index) };
    const client = createHubClient({ url });
    await expect(client.downloadBlob(blobRoot, sink)).rejects.toMatchObject({ code: 'client/bad-blob' });
    expect(written).not.toContain(1);
    await expect(client.downloadBlob(root, sink)).rejects.toMatchObject({ code: 'client/bad-blob' });
  });

  it('longer than asked for are cut off', async () => {
    const url = await serveBlob((index, chunk) => (index === 2 ? new Uint8Array(BLOB_CHUNK_BYTES) : chunk));
    const download = createHubClient({ url }).downloadBlob(blobRoot, { write: async () => undefined });
    await expect(download).rejects.toMatchObject({ code: 'client/bad-reply' });
  });
});

describe('events', () => {
  it('go on after a broken stream from the last one seen', async () => {
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers['last-event-id']);
      const id = asked.length;
      const event = { id, alliance: '1', kind: 'message', round: 0 };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`: heartbeat\n\nid: ${id}\ndata: ${JSON.stringify(event)}\n\n`, () => request.socket.destroy());
    });
    const seen: number[] = [];
    for await (const { id } of createHubClient({ url }).events('1')) {
      seen.push(id);
      if (id === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(asked).toEqual([undefined, '1', '2']);
  });

  it('end where the hub knows no such alliance', async () => {
    const refused = { code: 'hub/no-alliance', message: 'No alliance 9.', hints: [] };
    const url = await serve((_, response) => sendJson(response, 404, refused));
    const events = createHubClient({ url }).events('9');
    await expect(events.next()).rejects.toMatchObject({ code: 'hub/no-alliance' });
  });
});
