import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { blobManifestOf, blobRoot, encodeModelState, type Message } from '@skein/alliance';
import { digestOfBytes } from '@skein/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Federation, NODE_PROGRAM, SHIPPED_MODEL, startFederation, testPlan } from './testing/federation.ts';
import type { Program } from './testing/start-program.ts';

const limitMs = 240_000;
const example = join(SHIPPED_MODEL, '../../examples/logistic');
const zeros = new Float32Array(4);
let federation: Federation;
let folders: string[];

beforeAll(async () => {
  federation = await startFederation();
  folders = [];
  for (const name of ['north', 'lake', 'hill']) {
    const command = [process.execPath, 'logistic.js', `${name}.csv`];
    const trainers = { logistic: { kind: 'command' as const, command, folder: example } };
    folders.push(await federation.makeNode({ name, data: example, config: { trainers } }));
  }
}, limitMs);
afterAll(async () => await federation.stop(), limitMs);

const run = (folder: string): Promise<Program> => federation.run(NODE_PROGRAM, ['--directory', folder]);

/** An alliance of the logistic example that all three nodes have joined. */
async function begin(name: string): Promise<string> {
  const plan = testPlan({
    name,
    method: { kind: 'custom', trainer: 'logistic' },
    baseModel: digestOfBytes(Uint8Array.of(1)),
    parameters: digestOfBytes(Uint8Array.of(2)),
    parameterCount: 4,
    initialModel: blobRoot(blobManifestOf(encodeModelState({ parameters: zeros, optimiser: {} }))),
    aggregation: { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 3 },
  });
  const alliance = await federation.create(plan, zeros);
  for (const folder of folders) await federation.join(folder, alliance, { trainer: 'logistic' });
  return alliance;
}

/** Waits until the hub has this many uploads of the first round. */
async function uploadsOf(alliance: string, count: number): Promise<Message[]> {
  for (;;) {
    const all = await federation.hub.messages(alliance, { round: 1 }).catch(() => []);
    const uploads = all.map(({ message }) => message).filter(({ kind }) => kind === 'round/upload/1');
    if (uploads.length >= count) return uploads;
    await delay(100);
  }
}

async function refusal(alliance: string, body: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${federation.hubUrl}/v1/alliances/${alliance}/messages`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const { code, status } = (await response.json()) as { code?: string; status?: string };
  return `${response.status} ${code ?? status}`;
}

describe('a round goes on to the same end', () => {
  it(
    'while somebody throws malformed, oversized, forged, replayed and foreign messages at the hub',
    async () => {
      const alliance = await begin('attacked');
      const nodes = [await run(folders[0]!), await run(folders[1]!)];
      const ending = federation.runToEnd(alliance);
      // The round waits for its third member, so the attack is in its middle.
      const [first, second] = (await uploadsOf(alliance, 2)) as [Message, Message];
      const text = (changes: object) => JSON.stringify({ ...first, ...changes });
      expect(await refusal(alliance, '{')).toBe('400 hub/malformed');
      expect(await refusal(alliance, text({ body: 7 }))).toBe('400 hub/malformed');
      expect(await refusal(alliance, text({ padding: 'x'.repeat(400_000) }))).toBe('413 hub/too-large');
      expect(await refusal(alliance, text({ protocol: 'skein/2' }))).toBe('426 hub/other-protocol');
      expect(await refusal(alliance, text({}), { 'skein-protocol': 'skein/0' })).toBe('426 hub/other-protocol');
      expect(await refusal(alliance, text({ signature: second.signature }))).toBe('403 hub/bad-signature');
      expect(await refusal(alliance, text({ sender: second.sender }))).toBe('403 hub/bad-signature');
      expect(await refusal(alliance, text({ round: 2 }))).toBe('403 hub/bad-signature');
      expect(await refusal('99', text({}))).toBe('400 hub/other-alliance');
      expect(await refusal(alliance, text({}))).toBe('200 duplicate');
      expect(await uploadsOf(alliance, 2)).toHaveLength(2);
      nodes.push(await run(folders[2]!));
      const end = await ending;
      const [round] = await federation.hub.closedRounds(alliance);
      expect(round).toMatchObject({ result: { accepted: true }, survivors: { length: 3 } });
      expect(end).toMatchObject({ removed: 0n });
      for (const node of nodes) {
        expect(node.log.filter((line) => line.includes('"level":50'))).toEqual([]);
        await node.end();
      }
    },
    limitMs,
  );

  // A limit on the size of files stands for the full disk: every write fails, as it would there.
  it.skipIf(process.platform !== 'linux')(
    'after the disk of a member was full in its middle: it says so, waits, and nothing is lost',
    async () => {
      const alliance = await begin('full disk');
      const nodes = await Promise.all(folders.map(run));
      const pid = String(nodes[2]!.child.pid);
      const limitFiles = (limit: string) => promisify(execFile)('prlimit', ['--pid', pid, `--fsize=${limit}`]);
      await limitFiles('0:unlimited');
      const ending = federation.runToEnd(alliance);
      await nodes[2]!.says('disk is full');
      await uploadsOf(alliance, 2);
      expect(nodes[2]!.child.exitCode).toBeNull();
      await limitFiles('unlimited');
      const { removed } = await ending;
      const [round] = await federation.hub.closedRounds(alliance);
      expect(round).toMatchObject({ result: { accepted: true }, survivors: { length: 3 } });
      expect(removed).toBe(0n);
      for (const node of nodes) await node.end();
    },
    limitMs,
  );
});
