import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { blobManifestOf, blobRoot, encodeModelState, type Plan } from '@skein/alliance';
import { readBond } from '@skein/chain';
import { digestOfBytes, digestOfUpdateManifest } from '@skein/core';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { joinAlliance, openNode } from '@skein/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Federation, NODE_PROGRAM, SHIPPED_MODEL, startFederation, testPlan } from './testing/federation.ts';
import { SKEIN_PROGRAM } from './testing/skein.ts';
import { startProgram } from './testing/start-program.ts';

const limitMs = 240_000;
const hill = join(SHIPPED_MODEL, '../../samples/clinics/hill');
let federation: Federation;
let plan: Plan;
let parameters: Float32Array;

beforeAll(async () => {
  federation = await startFederation();
  const method = { kind: 'ffa-lora' as const, rank: 2, alpha: 4, targets: ['q_proj'], seed: 3 };
  const trainer = await createLocalTrainer(createWorkerRuntime(), { model: SHIPPED_MODEL, method, threads: 1 });
  const { initial, manifest, modelDigest } = trainer;
  await trainer.close();
  parameters = initial.values;
  plan = testPlan({
    method,
    baseModel: modelDigest,
    parameters: digestOfUpdateManifest(manifest),
    parameterCount: parameters.length,
    initialModel: blobRoot(blobManifestOf(encodeModelState({ parameters, optimiser: {} }))),
  });
}, limitMs);
afterAll(async () => await federation.stop(), limitMs);

let count = 0;
const makeNode = (changes: object = {}) =>
  federation.makeNode({ name: `node-${++count}`, data: hill, config: changes });
const create = (changes: Partial<Plan> = {}) =>
  federation.create({ ...plan, name: `plan ${++count}`, ...changes }, parameters);
const coded = (code: string, info: object = {}) =>
  expect.objectContaining({ code, info: expect.objectContaining(info) });
const attempt = (directory: string, alliance: string, changes: object = {}) =>
  joinAlliance({
    directory,
    alliance,
    data: 'records',
    model: SHIPPED_MODEL,
    consent: () => Promise.resolve(false),
    stake: true,
    ...changes,
  });

describe('joining is refused, plainly and before anything is sent,', () => {
  it(
    'with another base model, without data, stake, invitation or consent, and against the policy',
    async () => {
      const folder = await makeNode();
      const alliance = await create();
      const other = await create({ baseModel: digestOfBytes(Uint8Array.of(1)) });
      await expect(attempt(folder, other)).rejects.toThrow(coded('engine/other-model', { found: plan.baseModel }));
      await expect(attempt(folder, '99')).rejects.toThrow(expect.objectContaining({ code: 'node/no-alliance' }));
      await expect(attempt(folder, alliance, { data: 'nothing' })).rejects.toThrow(
        expect.objectContaining({ code: 'node/unknown-data' }),
      );
      await expect(attempt(folder, alliance, { stake: false })).rejects.toThrow(
        coded('node/too-little-stake', { role: 'trainer', needed: '1000', own: '0' }),
      );
      const invited = await create({ join: 'invitation' });
      await expect(attempt(folder, invited)).rejects.toThrow(expect.objectContaining({ code: 'node/no-invitation' }));

      const policy = join(folder, 'policy.json');
      await writeFile(policy, JSON.stringify({ version: 'policy/1', folders: { records: { minCohort: 4 } } }));
      await expect(attempt(folder, alliance)).rejects.toThrow(
        coded('node/policy-refused', { rule: 'folders.records.minCohort' }),
      );
      await writeFile(policy, JSON.stringify({ version: 'policy/1' }));
      await expect(attempt(folder, alliance)).rejects.toThrow(expect.objectContaining({ code: 'node/not-consented' }));

      const empty = await makeNode({ data: { records: 'nowhere' } });
      await expect(attempt(empty, alliance)).rejects.toThrow(expect.objectContaining({ code: 'node/no-data' }));
      await mkdir(join(empty, 'nowhere'));
      const one = { prompt: 'One?', completion: ' One.' };
      await writeFile(join(empty, 'nowhere', 'one.jsonl'), `${JSON.stringify(one)}\n`);
      await expect(attempt(empty, alliance)).rejects.toThrow(
        expect.objectContaining({ code: 'node/too-few-examples' }),
      );
      const { keys } = await openNode(empty);
      expect(await readBond(federation.chain, keys.current as never, 'trainer')).toMatchObject({ own: 0n });
    },
    limitMs,
  );

  it(
    'where chain or hub are not the ones that were pinned, or down',
    async () => {
      const alliance = await create();
      const down = await makeNode({ rpc: 'http://127.0.0.1:1' });
      await expect(attempt(down, alliance)).rejects.toThrow(expect.objectContaining({ code: 'chain/unreachable' }));
      const { logKey } = await federation.hub.info();
      const pins = { chainId: 1, alliance: federation.book.alliance, logKey };
      const pinned = await makeNode({ pins });
      await expect(attempt(pinned, alliance)).rejects.toThrow(coded('node/other-hub', { name: 'chainId', pinned: 1 }));
    },
    limitMs,
  );
});

it(
  'a watch that is interrupted ends quietly',
  async () => {
    const words = ['alliance', 'watch', await create(), '--hub', federation.hubUrl];
    const child = spawn(process.execPath, [SKEIN_PROGRAM, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = text(child.stderr);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await said).toBe('');
  },
  limitMs,
);

describe('a node', () => {
  it(
    'waits for a hub that is down, with one line, holds its directory, and ends when asked',
    async () => {
      const folder = await makeNode();
      const file = join(folder, 'node.json');
      const config = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...config, hub: 'http://127.0.0.1:1' }));
      const node = await federation.run(NODE_PROGRAM, ['--directory', folder]);
      await node.says('could not be reached');
      await expect(startProgram(NODE_PROGRAM, ['--directory', folder])).rejects.toThrow('is using the run directory');
      await node.end();
      expect(node.child.exitCode).toBe(0);
      expect(node.log).toHaveLength(1);
    },
    limitMs,
  );

  it(
    'takes no part in a round below the plan’s minimum: the model stays, and nobody is punished',
    async () => {
      const seconds = 4;
      const phases = {
        keys: seconds,
        shares: 1,
        upload: 1,
        survivors: 1,
        unmask: 1,
        sum: 1,
        commit: seconds,
        reveal: seconds,
      };
      const alliance = await create({ phases });
      const folders = [await makeNode(), await makeNode(), await makeNode()];
      for (const folder of folders) await federation.join(folder, alliance, { model: SHIPPED_MODEL });
      const nodes = await Promise.all(
        folders.slice(0, 2).map((folder) => federation.run(NODE_PROGRAM, ['--directory', folder])),
      );
      const end = await federation.runToEnd(alliance);
      const [round] = await federation.hub.closedRounds(alliance);
      const result = { accepted: false, reason: 'too-few-members', model: plan.initialModel };
      expect(round).toMatchObject({ cohort: [], survivors: [], result });
      expect(end).toMatchObject({ model: plan.initialModel, removed: 0n });
      for (const node of nodes) await node.end();
    },
    limitMs,
  );
});
