import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { blobManifestOf, blobRoot, NO_PARAMETERS, type TrainerRule } from '@skein/alliance';
import { type AllianceInfo } from '@skein/chain';
import { type Digest, digestOfBytes } from '@skein/core';
import { type AllianceReport, openAggregate, type Role, verifyAlliance } from '@skein/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Federation, NODE_PROGRAM, startFederation, testPlan } from './testing/federation.ts';
import { type Behaviour, type LineContainer, readLine, startLineContainer } from './testing/line-container.ts';
import type { Program } from './testing/start-program.ts';

const limitMs = 240_000;
const data = fileURLToPath(new URL('../../examples/logistic', import.meta.url));
const python = spawnSync('python3', ['--version']).status === 0;
const signal = new AbortController().signal;

/** Each site sees another part of the line y = 2x + 1. */
const SITES = Object.entries({ north: [-1, -0.5], lake: [0, 0.25], hill: [0.5, 1] }).map(([name, xs]) => ({
  name,
  points: xs.map((x) => [x, 2 * x + 1] as const),
}));
const BEHAVIOURS: readonly Behaviour[] = ['honest', 'shaky', 'garbage-upload', 'garbage-sum', 'other-sum', 'hangs'];

let federation: Federation;
let folders: string[];
let nodes: Program[];
const containers: LineContainer[] = [];
const children: ChildProcess[] = [];
const ends = new Map<string, { readonly alliance: string; readonly end: Promise<AllianceInfo> }>();

beforeAll(async () => {
  federation = await startFederation();
  folders = [];
  const edits: object[] = [];
  for (const { name, points } of SITES) {
    const container = await startLineContainer(points);
    containers.push(container);
    // Only the third one misbehaves, and it doesn't aggregate.
    const isHill = name === 'hill';
    const urlOf = (behaviour: Behaviour) => container.url(isHill || behaviour === 'shaky' ? behaviour : 'honest');
    const trainers = BEHAVIOURS.map(
      (behaviour) => [behaviour, { kind: 'http' as const, url: urlOf(behaviour) }] as const,
    );
    const pickled = { kind: 'http' as const, url: python ? await startPython(points) : container.url('honest') };
    const config = {
      roles: ['train', 'evaluate', ...(isHill ? [] : ['aggregate' as const])] as Role[],
    };
    folders.push(await federation.makeNode({ name, data, config }));
    edits.push({ ...Object.fromEntries(trainers), pickled });
  }
  // Trainers are named in node.json while the nodes run, which read it anew.
  nodes = await Promise.all(folders.map((folder) => federation.run(NODE_PROGRAM, ['--directory', folder])));
  for (const [index, trainers] of edits.entries()) await nameTrainers(folders[index]!, trainers);
  for (const name of [...BEHAVIOURS, 'pickled']) await beginWith(name);
}, limitMs);
afterAll(async () => {
  for (const container of containers) container.stop();
  await federation.stop();
  for (const child of children) child.kill();
}, limitMs);

async function nameTrainers(folder: string, trainers: object): Promise<void> {
  const file = join(folder, 'node.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, trainers }));
}

async function startPython(points: unknown): Promise<string> {
  const file = fileURLToPath(new URL('testing/flock-container.py', import.meta.url));
  const child = spawn('python3', [file, JSON.stringify(points)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return `http://127.0.0.1:${JSON.parse(line).port}/call`;
}

/** An alliance of all three with the trainers of this name, of two rounds that begin with no parameters. */
async function beginWith(name: string): Promise<void> {
  const rule: TrainerRule = { kind: 'trainer', replay: name === 'shaky' ? 'evaluation-only' : 'bytes', maxBytes: 4096 };
  const base = testPlan({
    name,
    method: { kind: 'custom', trainer: name },
    baseModel: digestOfBytes(NO_PARAMETERS),
    parameters: digestOfBytes(Uint8Array.of(2)),
    parameterCount: 0,
    initialModel: blobRoot(blobManifestOf(NO_PARAMETERS)),
    rounds: 2,
    aggregation: { kind: 'clear', rule, minSurvivors: 2 },
  });
  const plan = { ...base, phases: { ...base.phases, commit: 20, reveal: 20 } };
  const alliance = await federation.create(plan, NO_PARAMETERS);
  for (const folder of folders) await federation.join(folder, alliance, { trainer: name });
  ends.set(name, { alliance, end: federation.runToEnd(alliance) });
}

async function modelOf(root: Digest): Promise<Uint8Array> {
  let whole = new Uint8Array();
  const begin = async (sizeBytes: number) => void (whole = new Uint8Array(sizeBytes));
  const write = async ({ offset }: { offset: number }, chunk: Uint8Array) => whole.set(chunk, offset);
  await federation.hub.downloadBlob(root, { begin, write });
  return whole;
}

async function verify(alliance: string, folder: string | null): Promise<AllianceReport> {
  const { logKey } = await federation.hub.info();
  return verifyAlliance({
    hub: federation.hubUrl,
    rpc: federation.rpcUrl,
    alliance,
    pins: { chainId: federation.book.chainId, contract: federation.book.alliance, logKey },
    aggregate: folder === null ? undefined : await openAggregate(folder, alliance, signal),
  });
}

const sumChecks = ({ rounds }: AllianceReport) =>
  rounds.flatMap(({ checks }) => checks.filter(({ name }) => name === 'sum'));

/** Waits for its end: both rounds accepted with votes of so many, nobody punished. */
async function ended(name: string, votes: number) {
  const { alliance, end } = ends.get(name)!;
  const info = await end;
  expect(info.removed).toBe(0n);
  const report = await verify(alliance, folders[0]!);
  expect(report.ok).toBe(true);
  const round = { status: 'accepted', survivors: { length: 3 }, votes: { length: votes } };
  expect(report.rounds).toMatchObject([round, round]);
  return { alliance, report, model: await modelOf(info.model) };
}

describe('opaque parameters', () => {
  it(
    'are made one by each member’s own trainer, and the replay gives the same bytes',
    async () => {
      const { alliance, model, report } = await ended('honest', 3);
      const { slope, offset } = readLine(model);
      expect(Math.hypot(slope - 2, offset - 1)).toBeLessThan(Math.hypot(2, 1) / 2);
      expect(sumChecks(report).map(({ ok }) => ok)).toEqual([true, true]);
      const withoutTrainer = await verify(alliance, null);
      expect(sumChecks(withoutTrainer)).toMatchObject([{ ok: null }, { ok: null }]);
      expect(sumChecks(withoutTrainer)[0]!.detail).toMatch(/Only the trainer "honest" can add up/);
    },
    limitMs,
  );

  it(
    'whose sums never are the same bytes are decided by votes alone, and said not to be replayed',
    async () => {
      const { model, report } = await ended('shaky', 3);
      expect(readLine(model).slope).toBeGreaterThan(1);
      expect(sumChecks(report)).toMatchObject([{ ok: null }, { ok: null }]);
      expect(sumChecks(report)[0]!.detail).toMatch(/no sum can be replayed/);
    },
    limitMs,
  );

  it.skipIf(!python)(
    'may be pickled, as FLock’s containers do',
    async () => {
      const { model, report } = await ended('pickled', 3);
      expect(model[0]).toBe(0x80);
      expect(sumChecks(report).map(({ ok }) => ok)).toEqual([true, true]);
    },
    limitMs,
  );
});

describe('a container’s fault is that of its own member only', () => {
  it(
    'when it uploads garbage, which all leave out alike',
    async () => {
      const { model, report } = await ended('garbage-upload', 3);
      expect(readLine(model).slope).toBeGreaterThan(0.3);
      expect(sumChecks(report).map(({ ok }) => ok)).toEqual([true, true]);
    },
    limitMs,
  );

  it(
    'when it gives another sum than all others',
    async () => {
      const { report } = await ended('other-sum', 3);
      expect(
        report.rounds.map(({ votes }) => votes.filter(({ lossChangeMicroNats: change }) => change > 1e6).length),
      ).toEqual([1, 1]);
      await nodes[2]!.says('the uploads give');
    },
    limitMs,
  );

  it.each(['hangs', 'garbage-sum'])(
    'when its aggregate %s: it misses the vote',
    async (name) => {
      const { report } = await ended(name, 2);
      expect(report.rounds).toHaveLength(2);
    },
    limitMs,
  );
});
