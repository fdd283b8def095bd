import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { blobManifestOf, blobRoot, encodeModelState, type Message, type Plan } from '@skein/alliance';
import { readAlliance, readRound } from '@skein/chain';
import { type Digest, digestOfBytes } from '@skein/core';
import { type AllianceReport, verifyAlliance } from '@skein/node';
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

const run = (folder: string, env?: NodeJS.ProcessEnv): Promise<Program> =>
  federation.run(NODE_PROGRAM, ['--directory', folder], env);

/** The environment of a process whose clock is off by so many seconds. */
function shiftedClock(seconds: number): NodeJS.ProcessEnv {
  const shift = `const Right = Date; globalThis.Date = class extends Right {
    constructor(...parts) { if (parts.length > 0) super(...parts); else super(Right.now() + ${seconds * 1000}); }
    static now() { return Right.now() + ${seconds * 1000}; } };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` };
}

async function verify(alliance: string): Promise<AllianceReport> {
  const { logKey } = await federation.hub.info();
  const pins = { chainId: federation.book.chainId, contract: federation.book.alliance, logKey };
  return verifyAlliance({ hub: federation.hubUrl, rpc: federation.rpcUrl, alliance, pins });
}

async function modelAfterFirstRound(alliance: string): Promise<Digest> {
  return await federation.until(alliance, async () => {
    const [round] = await federation.hub.closedRounds(alliance);
    return round && (await federation.hub.alliance(alliance)).model;
  });
}

const logistic = (name: string) => ({
  name,
  method: { kind: 'custom' as const, trainer: 'logistic' },
  baseModel: digestOfBytes(Uint8Array.of(1)),
  parameters: digestOfBytes(Uint8Array.of(2)),
  parameterCount: 4,
  initialModel: blobRoot(blobManifestOf(encodeModelState({ parameters: zeros, optimiser: {} }))),
  aggregation: { kind: 'clear' as const, rule: { kind: 'mean' as const }, minSurvivors: 3 },
});

/** An alliance of the logistic example that all three nodes have joined. */
async function begin(name: string, changes: Partial<Plan> = {}): Promise<string> {
  const plan = { ...testPlan(logistic(name)), ...changes };
  const alliance = await federation.create(plan, zeros);
  for (const folder of folders) await federation.join(folder, alliance, { trainer: 'logistic' });
  return alliance;
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

/** How many votes of the first round the chain has. */
async function votes(alliance: string): Promise<Record<'committed' | 'revealed', number>> {
  const round = await readRound(federation.chain, BigInt(alliance), 1);
  const count = (members = 0n) => members.toString(2).replaceAll('0', '').length;
  return { committed: count(round?.committed), revealed: count(round?.revealed) };
}

describe('a round goes on to the same end', () => {
  it(
    'while somebody throws malformed, oversized, forged, replayed and foreign messages at the hub',
    async () => {
      const alliance = await begin('attacked');
      const nodes = [await run(folders[0]!), await run(folders[1]!)];
      const ending = federation.runToEnd(alliance);
      // The round waits for its third member, so the attack is in its middle.
      const [first, second] = (await federation.uploadsOf(alliance, 2)) as [Message, Message];
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
      expect(await federation.uploadsOf(alliance, 2)).toHaveLength(2);
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

  it(
    'with clocks an hour ahead and an hour behind: each is told, the others are not, and no deadline is missed',
    async () => {
      const alliance = await begin('skewed clocks');
      const nodes = [
        await run(folders[0]!),
        await run(folders[1]!, shiftedClock(3600)),
        await run(folders[2]!, shiftedClock(-3600)),
      ];
      const { removed } = await federation.runToEnd(alliance);
      const report = await verify(alliance);
      expect(report.rounds).toMatchObject([
        { status: 'accepted', survivors: { length: 3 }, votes: { length: 3 }, ok: true },
      ]);
      expect(removed).toBe(0n);
      await nodes[1]!.says('node/clock-skew', 's ahead of the chain');
      await nodes[2]!.says('node/clock-skew', 's behind the chain');
      expect(nodes[0]!.log.join('')).not.toContain('clock-skew');
      for (const node of nodes) await node.end();
    },
    limitMs,
  );

  it(
    'for a member that was away for a round and holds an old model in the new one’s place',
    async () => {
      const phases = { ...testPlan(logistic('away')).phases, upload: 20, commit: 20, reveal: 20 };
      const clear = { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 2 } as const;
      const alliance = await begin('away', { rounds: 2, minMembers: 2, phases, aggregation: clear });
      const nodes = [await run(folders[0]!), await run(folders[1]!)];
      const ending = federation.runToEnd(alliance);
      const model = await modelAfterFirstRound(alliance);
      const blobs = join(folders[2]!, 'alliances', alliance, 'blobs');
      await mkdir(blobs, { recursive: true });
      const stale = encodeModelState({ parameters: zeros, optimiser: {} });
      await writeFile(join(blobs, model.replace(':', '-')), stale);
      nodes.push(await run(folders[2]!));
      const { removed } = await ending;
      const report = await verify(alliance);
      expect(report.ok).toBe(true);
      expect(report.rounds).toMatchObject([
        { status: 'accepted', survivors: { length: 2 } },
        { status: 'accepted', survivors: { length: 3 }, baseModel: model },
      ]);
      expect(removed).toBe(0n);
      for (const node of nodes) await node.end();
    },
    limitMs,
  );

  it(
    'and nobody loses a bond where the hub is away while votes are to be revealed',
    async () => {
      const phases = { ...testPlan(logistic('silent hub')).phases, upload: 10, commit: 10, reveal: 16 };
      const clear = { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 2 } as const;
      const alliance = await begin('silent hub', { minMembers: 2, phases, aggregation: clear });
      // The third member never comes, so the votes wait for their deadline.
      const nodes = [await run(folders[0]!), await run(folders[1]!)];
      // Whoever follows the hub's events loses them.
      const following = federation.runToEnd(alliance).catch(() => undefined);
      const often = { timeout: 90_000, interval: 200 };
      await expect.poll(() => votes(alliance), often).toMatchObject({ committed: 2 });
      await federation.hubProgram.end('SIGKILL');
      await expect.poll(() => votes(alliance), often).toEqual({ committed: 2, revealed: 2 });
      await federation.restartHub();
      const end = () => readAlliance(federation.chain, BigInt(alliance));
      await expect.poll(end, often).toMatchObject({ status: 'finished', removed: 0n });
      await following;
      for (const node of nodes) await node.end();
    },
    limitMs,
  );

  // A limit on the size of files stands for the full disk: every write fails, as it would there.
  it.skipIf(process.platform !== 'linux')(
    'after the disk of a member was full in its middle: it says so, waits, and nothing is lost',
    async () => {
      const alliance = await begin('full disk');
      const nodes = await Promise.all(folders.map((folder) => run(folder)));
      const pid = String(nodes[2]!.child.pid);
      const limitFiles = (limit: string) => promisify(execFile)('prlimit', ['--pid', pid, `--fsize=${limit}`]);
      await limitFiles('0:unlimited');
      const ending = federation.runToEnd(alliance);
      await nodes[2]!.says('disk is full');
      await federation.uploadsOf(alliance, 2);
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
