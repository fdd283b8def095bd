import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { blobManifestOf, blobRoot } from '@skein/alliance';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTransfers } from './start-transfers.ts';

const { signal } = new AbortController();
const bytes = Uint8Array.of(3, 1, 4);
const manifest = blobManifestOf(bytes);
const root = blobRoot(manifest);

let directory: string;
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
let transfers: ReturnType<typeof startTransfers>;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-transfers-'));
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  transfers = startTransfers({ hub: `http://127.0.0.1:${port}`, allowPlainHttp: false });
});
afterEach(async () => {
  await transfers.close();
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

it('bring and send files, and say what the hub says', async () => {
  const path = join(directory, 'blob');
  answer = (_, response) => {
    response.statusCode = 404;
    response.end(JSON.stringify({ code: 'hub/no-blob', message: 'There is no blob.', hints: ['Wait.'] }));
  };
  const refusal = { code: 'hub/no-blob', message: 'There is no blob.', hints: ['Wait.'], info: { status: 404 } };
  await expect(transfers.bring({ root, path }, signal)).rejects.toMatchObject(refusal);

  answer = ({ url = '' }, response) => response.end(url.endsWith('/manifest') ? JSON.stringify(manifest) : bytes);
  await transfers.bring({ root, path }, signal);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);

  const sent: Uint8Array[] = [];
  answer = async (request, response) => {
    const isManifest = request.url?.endsWith('/manifest') === true;
    sent.push(new Uint8Array(await buffer(request)));
    response.end(JSON.stringify(isManifest ? { missing: [0] } : { stored: true }));
  };
  await writeFile(path, bytes);
  await transfers.send({ path }, signal);
  expect(JSON.parse(Buffer.from(sent[0]!).toString())).toEqual(manifest);
  expect(sent[1]).toEqual(bytes);
});

it('stop when they are told to, and only then is the file free', async () => {
  const path = join(directory, 'blob');
  const asked = Promise.withResolvers<void>();
  answer = () => asked.resolve();
  const stop = new AbortController();
  const coming = transfers.bring({ root, path }, stop.signal);
  await asked.promise;
  stop.abort(new Error('enough'));
  await expect(coming).rejects.toThrow('enough');

  answer = ({ url = '' }, response) => response.end(url.endsWith('/manifest') ? JSON.stringify(manifest) : bytes);
  await transfers.bring({ root, path }, signal);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
});
