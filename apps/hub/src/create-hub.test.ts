import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAnchor } from '@skein/chain';
import { type DevelopmentChain, startDevelopmentChain } from '@skein/chain/node';
import type { HubClient, HubEvent } from '@skein/client';
import {
  type BaseError,
  createMemorySource,
  digestOfBytes,
  digestOfJson,
  extendsLog,
  includesEntry,
  openCheckpoint,
  openLogEntry,
  parseNoteKey,
  subjectDigest,
} from '@skein/core';
import type { Address as ChainAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHub, type Hub } from './create-hub.ts';
import { verifyEd25519 } from './log/key-file.ts';
import { createLogger } from './logger.ts';
import {
  clientOf,
  createTestAlliance,
  inPhase,
  introduce,
  playRound,
  type TestAlliance,
  uploadMessage,
  uploadOf,
} from './testing/test-alliance.ts';
import { createMember } from './testing/test-member.ts';
import { testPlan } from './testing/test-plan.ts';

let directory: string;
let chain: DevelopmentChain;
let hub: Hub;
let client: HubClient;
let alliance: TestAlliance;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-hub-'));
  chain = await startDevelopmentChain({ directory: join(directory, 'chain'), port: 0 });
  hub = await createHub({
    directory: join(directory, 'hub'),
    host: '127.0.0.1',
    port: 0,
    rpcUrl: chain.rpcUrl,
    book: chain.book,
    offersRpc: true,
    logger: createLogger('silent'),
  });
  client = clientOf(hub.url);
  alliance = await createTestAlliance(chain);
}, 180_000);

afterAll(async () => {
  await hub?.close();
  await chain?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

const post = (path: string, body: string, headers = {}): Promise<Response> =>
  fetch(hub.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
const refused = (code: string, status?: number) =>
  expect.objectContaining({
    code: `hub/${code}`,
    ...(status !== undefined && { info: expect.objectContaining({ status }) }),
  });
const messagesPath = (id: string): string => `/v1/alliances/${id}/messages`;

describe('a hub', () => {
  it('waits for the plan, and refuses any other', async () => {
    const { id, plan } = alliance;
    await expect.poll(() => client.alliance(id).catch(() => null), { timeout: 30_000 }).toMatchObject({ plan: null });
    await expect(client.putPlan(testPlan({ name: 'another' }))).rejects.toEqual(refused('unknown-plan', 409));
    const wrong = await fetch(`${hub.url}/v1/plans/${digestOfJson(plan)}`, {
      method: 'PUT',
      body: '{"version":"plan/9"}',
    });
    expect([wrong.status, await wrong.json()]).toEqual([400, expect.objectContaining({ code: 'alliance/bad-plan' })]);
    await expect(client.round(id)).rejects.toEqual(refused('no-round', 404));
  });

  it('opens the first round when plan and model are there, and takes it to its end', async () => {
    const events: HubEvent[] = [];
    const stop = new AbortController();
    await introduce(alliance, client);
    const listening = (async () => {
      for await (const event of client.events(alliance.id, { lastEventId: 0, signal: stop.signal })) events.push(event);
    })().catch(() => undefined);
    await playRound(alliance, client, 1);
    const [closed] = await client.closedRounds(alliance.id);
    const addresses = alliance.members.map(({ address }) => address).toSorted();
    expect(closed).toMatchObject({
      round: 1,
      survivors: addresses,
      aggregator: alliance.members[0].address,
      lossChangeMicroNats: -5,
      result: { accepted: true, reason: null },
    });
    expect(closed?.bytes).toBeGreaterThan(100);
    expect(Object.keys(closed?.phaseSeconds ?? {})).toEqual(
      expect.arrayContaining(['upload', 'survivors', 'sum', 'commit', 'reveal']),
    );
    const record = await client.alliance(alliance.id);
    expect(record).toMatchObject({ status: 'active', roundsClosed: 1, model: closed?.result.model });
    expect(record.money).toEqual({ in: '6000', paid: expect.any(String), refunded: '0', held: expect.any(String) });
    expect(Number(record.money.paid) + Number(record.money.held)).toBe(6000);
    await inPhase(client, alliance.id, 2, 'upload');
    await expect.poll(() => events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['round-closed', 'phase']));
    stop.abort();
    await listening;
    expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted((a, b) => a - b));
  }, 120_000);

  it('keeps a log that anyone can check, and anchors it', async () => {
    const { logKey, operator } = await client.info();
    const key = parseNoteKey(logKey);
    const { note, ...claimed } = await client.checkpoint();
    const state = openCheckpoint(note, key, verifyEd25519);
    expect(state).toEqual(claimed);
    if (state === undefined) return;
    for (const { message, logIndex } of await client.messages(alliance.id, { round: 1 })) {
      const [entry] = await client.logEntries(logIndex, logIndex + 1);
      if (entry === undefined) throw new Error('the entry is missing');
      expect(includesEntry(state, entry, logIndex, await client.inclusionProof(logIndex, state.size))).toBe(true);
      const statement = openLogEntry(entry, key, verifyEd25519);
      expect(statement && subjectDigest(statement)).toBe(digestOfJson(message));
    }
    const origin = digestOfBytes(new TextEncoder().encode(key.name));
    const anchored = () => readAnchor(alliance.members[0].chain, operator as unknown as ChainAddress, origin);
    await expect.poll(async () => (await anchored())?.size ?? 0, { timeout: 20_000 }).toBeGreaterThan(0);
    const anchor = await anchored();
    if (anchor === undefined) throw new Error('no anchor');
    const proof = await client.consistencyProof(anchor.size, state.size);
    expect(extendsLog(anchor, state, proof)).toBe(true);
    await expect(client.inclusionProof(0, state.size + 100)).rejects.toEqual(refused('bad-range', 400));
    await expect(client.logEntries(0, state.size + 100)).rejects.toEqual(refused('bad-range', 400));
  }, 60_000);
});

describe('a hub refuses', () => {
  it('a message of another protocol, in its header or in itself', async () => {
    const message = await uploadMessage(alliance, 2, 0);
    const path = messagesPath(alliance.id);
    const header = await post(path, JSON.stringify(message), { 'skein-protocol': 'skein/2' });
    expect([header.status, await header.json()]).toEqual([426, refused('other-protocol')]);
    const body = await post(path, JSON.stringify({ ...message, protocol: 'skein/2' }));
    expect([body.status, await body.json()]).toEqual([426, refused('other-protocol')]);
  });

  it.each([
    ['{', 'malformed', 400],
    ['[]', 'malformed', 400],
    ['{"protocol":"skein/1"}', 'malformed', 400],
    [JSON.stringify({ protocol: 'skein/1', body: 'x'.repeat(300 * 1024) }), 'too-large', 413],
    ['x'.repeat(600 * 1024), 'too-large', 413],
  ])('%#: what is no message', async (body, code, status) => {
    const response = await post(messagesPath(alliance.id), body);
    expect([response.status, await response.json()]).toEqual([status, refused(code)]);
    expect(Number(response.headers.get('skein-chain-time'))).toBeGreaterThan(1_600_000_000);
  });

  it('a signature of somebody else, and a stranger’s own', async () => {
    const [first, second] = alliance.members;
    const genuine = await uploadMessage(alliance, 2, 0);
    const { sender: _, protocol: __, signature: ___, ...rest } = genuine;
    const forged = await second.forge(rest, first.address);
    await expect(client.postMessage(forged)).rejects.toEqual(refused('bad-signature', 403));
    const stranger = await createMember(chain);
    await expect(client.postMessage(await stranger.sign(rest))).rejects.toEqual(refused('not-a-member', 403));
  });

  it('a message replayed into another round or alliance, too late, too early', async () => {
    const old = await uploadMessage(alliance, 1, 0);
    expect(await client.postMessage(old)).toMatchObject({ status: 'duplicate' });
    const moved = await post(messagesPath(alliance.id), JSON.stringify({ ...old, round: 2 }));
    expect([moved.status, await moved.json()]).toEqual([403, refused('bad-signature')]);
    const elsewhere = await post(messagesPath('77'), JSON.stringify(old));
    expect([elsewhere.status, await elsewhere.json()]).toEqual([400, refused('other-alliance')]);
    const early = { alliance: alliance.id, round: 9, attempt: 0, kind: 'round/upload/1' as const, body: old.body };
    await expect(client.postMessage(await alliance.members[0].sign(early as never))).rejects.toEqual(
      refused('no-round', 404),
    );
    const report = { trainLossMicroNats: null, evaluationLossMicroNats: null, trainSeconds: 1 };
    const late = { alliance: alliance.id, round: 2, attempt: 3, kind: 'round/report/1' as const, body: report };
    await expect(client.postMessage(await alliance.members[0].sign(late))).rejects.toEqual(
      refused('wrong-attempt', 409),
    );
  });

  it('the second of two contradicting messages, with both as evidence', async () => {
    const first = await uploadMessage(alliance, 2, 0);
    expect(await client.postMessage(first)).toMatchObject({ status: 'accepted' });
    expect(await client.postMessage(first)).toMatchObject({ status: 'duplicate' });
    const { sender: _, protocol: __, signature: ___, ...rest } = first;
    const body = { ...rest.body, root: digestOfBytes(Uint8Array.of(9)) };
    const second = await alliance.members[0].sign({ ...rest, body });
    const error: unknown = await client.postMessage(second).catch((thrown: unknown) => thrown);
    expect(error).toEqual(refused('contradiction', 409));
    expect((error as BaseError).info['evidence']).toEqual([first, second]);
    expect((await client.messages(alliance.id, { round: 2 })).map(({ message }) => message)).toEqual([first]);
  });

  it('a blob that nobody has spoken of, another size, and bytes that are not it', async () => {
    const stranger = createMemorySource(Uint8Array.of(1, 2, 3));
    await expect(client.uploadBlob(stranger)).rejects.toEqual(refused('unannounced-blob', 403));
    const { root, data } = uploadOf(0);
    const put = (path: string, body: Uint8Array<ArrayBuffer> | string, type: string) =>
      fetch(`${hub.url}/v1/blobs/${root}/${path}`, { method: 'PUT', body, headers: { 'content-type': type } });
    const leaf = digestOfBytes(Uint8Array.of(0, ...data));
    const longer = await put('manifest', JSON.stringify({ sizeBytes: 17, chunks: [leaf] }), 'application/json');
    expect([longer.status, await longer.json()]).toEqual([422, refused('wrong-size')]);
    const other = await put(
      'manifest',
      JSON.stringify({ sizeBytes: 16, chunks: [digestOfBytes(data)] }),
      'application/json',
    );
    expect([other.status, await other.json()]).toEqual([422, refused('wrong-manifest')]);
    const early = await put('chunks/0', new Uint8Array(data), 'application/octet-stream');
    expect([early.status]).toEqual([200]);
    const wrong = await put('chunks/0', new Uint8Array(16), 'application/octet-stream');
    expect([wrong.status, await wrong.json()]).toEqual([422, refused('wrong-chunk')]);
    const large = await put('chunks/0', new Uint8Array(8 * 1024 * 1024 + 1), 'application/octet-stream');
    expect([large.status, await large.json()]).toEqual([413, refused('too-large')]);
  });
});

describe('a hub serves', () => {
  it('ranges of a blob', async () => {
    const { root, data } = uploadOf(1);
    const get = (range?: string) =>
      fetch(`${hub.url}/v1/blobs/${root}`, range === undefined ? {} : { headers: { range } });
    const bytes = async (response: Response) => new Uint8Array(await response.arrayBuffer());
    expect(await bytes(await get())).toEqual(data);
    const part = await get('bytes=4-7');
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 4-7/16']);
    expect(await bytes(part)).toEqual(data.slice(4, 8));
    expect(await bytes(await get('bytes=-3'))).toEqual(data.slice(13));
    const beyond = await get('bytes=16-');
    expect([beyond.status, await beyond.json()]).toEqual([416, refused('unsatisfiable-range')]);
  });

  it('the chain, by an allow-list', async () => {
    const call = (method: string) => post('/rpc', JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] }));
    expect(await (await call('eth_chainId')).json()).toMatchObject({ result: '0x7a69' });
    for (const method of ['anvil_setBalance', 'skein_fund', 'eth_sign']) {
      const response = await call(method);
      expect([response.status, await response.json()]).toEqual([403, refused('method-refused')]);
    }
  });

  it('health, metrics and its own description', async () => {
    expect(await (await fetch(`${hub.url}/health`)).json()).toMatchObject({ live: true, ready: true });
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();
    for (const name of [
      'request_seconds',
      'phase_seconds',
      'rounds_closed_total',
      'log_entries',
      'chain_lag_seconds',
    ]) {
      expect(metrics).toContain(`skein_hub_${name}`);
    }
    const document = (await (await fetch(`${hub.url}/openapi.json`)).json()) as { openapi: string; paths: object };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/info', '/v1/alliances/{id}/messages', '/v1/blobs/{root}/chunks/{index}']),
    );
  });
});
