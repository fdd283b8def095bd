import { generateKeyPairSync, sign as signEd25519 } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Message, messageSchema, PROTOCOL } from '@skein/alliance';
import { createHubClient, type HubClient } from '@skein/client';
import {
  createLogStatement,
  createNoteKey,
  digestFromHash,
  digestOfJson,
  encodeBase64,
  encodeLogEntry,
  formatCheckpoint,
  makeConsistencyProof,
  makeInclusionProof,
  merkleLeafHash,
  merkleRoot,
  signNote,
} from '@skein/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openVerifiedLog, type VerifiedLog } from './verified-log.ts';

const pair = generateKeyPairSync('ed25519');
const publicKey = new Uint8Array(Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
const key = createNoteKey('hub.example/log', publicKey);
const sign = (text: Uint8Array): Uint8Array => new Uint8Array(signEd25519(null, text, pair.privateKey));
const signal = new AbortController().signal;

function message(round: number): Message {
  const empty = digestFromHash(merkleRoot([]));
  return messageSchema.parse({
    protocol: PROTOCOL,
    alliance: '1',
    round,
    attempt: 0,
    sender: `0x${'ab'.repeat(20)}`,
    signature: `0x${'00'.repeat(65)}`,
    kind: 'round/keys/1',
    body: {
      cipherKey: `0x${'01'.repeat(32)}`,
      maskKey: `0x${'02'.repeat(32)}`,
      selfSeedCommitment: `0x${'03'.repeat(32)}`,
      log: { size: 0, root: empty },
    },
  });
}

function entryOf(of: Message): Uint8Array {
  const { protocol, alliance, round, attempt, kind, sender, signature } = of;
  const predicate = { protocol, alliance, round, attempt, kind, sender, signature };
  const name = `alliance/${alliance}/round/${round}/${kind}/${sender}`;
  return encodeLogEntry(
    createLogStatement({ type: 'urn:skein:message/1', name, digest: digestOfJson(of), predicate }),
    key,
    sign,
  );
}

/** What a hub with these entries serves; tests exchange the entries under it. */
let entries: Uint8Array[];
let server: Server;
let directory: string;
let hub: HubClient;

const stateOf = () => ({ size: entries.length, root: digestFromHash(merkleRoot(entries.map(merkleLeafHash))) });

function answer(url: URL): unknown {
  const numberOf = (name: string): number => Number(url.searchParams.get(name));
  const upTo = (size: number) => entries.slice(0, size).map(merkleLeafHash);
  switch (url.pathname) {
    case '/v1/log/checkpoint':
      return { ...stateOf(), note: signNote(formatCheckpoint(key.name, stateOf()), key, sign) };
    case '/v1/log/inclusion':
      return { hashes: makeInclusionProof(upTo(numberOf('size')), numberOf('index')).map(digestFromHash) };
    case '/v1/log/consistency':
      return { hashes: makeConsistencyProof(upTo(numberOf('to')), numberOf('from')).map(digestFromHash) };
    default:
      return { entries: entries.slice(numberOf('start'), numberOf('end')).map(encodeBase64) };
  }
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-log-'));
  entries = [0, 1, 2].map((round) => entryOf(message(round)));
  server = createServer((request, response) => {
    const body = answer(new URL(request.url ?? '', 'http://localhost'));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  hub = createHubClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, patienceMs: 0 });
});
afterEach(async () => {
  server.close().closeAllConnections();
  await rm(directory, { recursive: true });
});

const open = (): Promise<VerifiedLog> => openVerifiedLog({ directory, hub, key });
const shown = (round: number, logIndex: number) => ({ message: message(round), logIndex });

describe('the verified log', () => {
  it('grows with the hub’s, and is remembered', async () => {
    const log = await open();
    expect(log.seen.size).toBe(0);
    await log.advance(signal);
    expect(log.seen).toEqual(stateOf());
    const first = stateOf();
    entries.push(entryOf(message(3)));
    const again = await open();
    expect(again.seen).toEqual(first);
    await again.advance(signal);
    expect(again.seen.size).toBe(4);
    expect(await again.agrees(first)).toBe(true);
  });

  it('includes what is proved to be in, and nothing else', async () => {
    const log = await open();
    await log.advance(signal);
    log.note([shown(1, 1), shown(2, 0), shown(7, 2), shown(8, 99)]);
    expect(await log.includes(message(1))).toBe(true);
    expect(await log.includes(message(2))).toBe(false);
    expect(await log.includes(message(7))).toBe(false);
    expect(await log.includes(message(8))).toBe(false);
    expect(await log.includes(message(9))).toBe(false);
    entries.push(entryOf(message(9)));
    log.note([shown(9, 3)]);
    expect(await log.includes(message(9))).toBe(true);
  });

  it('refuses a hub that shows another past, with both signed states as evidence', async () => {
    const log = await open();
    await log.advance(signal);
    const before = log.seen;
    const honest = entries;
    entries = [0, 5, 2, 3].map((round) => entryOf(message(round)));
    const after = stateOf();
    await expect(log.advance(signal)).rejects.toThrow(
      expect.objectContaining({
        code: 'node/split-log',
        info: { evidence: { before: expect.objectContaining(before), after: expect.objectContaining(after) } },
      }),
    );
    expect(log.seen).toEqual(before);
    entries = honest;
    await log.advance(signal);
    // Another member saw the other past.
    entries.push(entryOf(message(3)));
    expect(await log.agrees(after)).toBe(false);
    expect(await log.agrees(stateOf())).toBe(true);
  });

  it('refuses a checkpoint that the log’s key didn’t sign', async () => {
    const other = createNoteKey('other.example/log', publicKey);
    const log = await openVerifiedLog({ directory, hub, key: other });
    await expect(log.advance(signal)).rejects.toThrow(expect.objectContaining({ code: 'node/unsigned-log' }));
  });
});
