import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blobManifestOf, blobRoot, encodeModelState, type Plan } from '@skein/alliance';
import type { AllianceInfo } from '@skein/chain';
import { digestOfUpdateManifest } from '@skein/core';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { verifyAlliance } from '@skein/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Federation, NODE_PROGRAM, SHIPPED_MODEL, startFederation, testPlan } from './testing/federation.ts';
import type { Program } from './testing/start-program.ts';

const samples = join(SHIPPED_MODEL, '../../samples/clinics');
const limitMs = 240_000;

let federation: Federation;
let plan: Plan;
let parameters: Float32Array;
let folders: string[];
let nodes: Program[];
/** Of the alliance that nobody disturbed. */
let undisturbed: AllianceInfo;

const runNode = (folder: string) => federation.run(NODE_PROGRAM, ['--directory', folder]);
const joinAll = async (alliance: string) => {
  for (const folder of folders) await federation.join(folder, alliance, { model: SHIPPED_MODEL });
};

async function planOnShippedModel(): Promise<{ plan: Plan; parameters: Float32Array }> {
  const targets = ['q_proj', 'v_proj'];
  const method = { kind: 'ffa-lora' as const, rank: 2, alpha: 4, targets, seed: 3 };
  const trainer = await createLocalTrainer(createWorkerRuntime(), { model: SHIPPED_MODEL, method, threads: 1 });
  const { initial, manifest, modelDigest } = trainer;
  await trainer.close();
  const model = encodeModelState({ parameters: initial.values, optimiser: {} });
  return {
    parameters: initial.values,
    plan: testPlan({
      method,
      baseModel: modelDigest,
      parameters: digestOfUpdateManifest(manifest),
      parameterCount: initial.values.length,
      initialModel: blobRoot(blobManifestOf(model)),
    }),
  };
}

beforeAll(async () => {
  federation = await startFederation();
  ({ plan, parameters } = await planOnShippedModel());
  const names = ['hill', 'lake', 'north'];
  folders = await Promise.all(names.map((name) => federation.makeNode({ name, data: join(samples, name) })));
  nodes = await Promise.all(folders.map(runNode));
}, limitMs);
afterAll(async () => await federation.stop(), limitMs);

describe('an alliance of three nodes, a hub and a chain, each a process', () => {
  it(
    'closes a secure round, and can be verified without trust in the hub',
    async () => {
      const alliance = await federation.create(plan, parameters);
      await joinAll(alliance);
      undisturbed = await federation.runToEnd(alliance);
      const { model } = undisturbed;
      const [round] = await federation.hub.closedRounds(alliance);
      expect(round).toMatchObject({ round: 1, result: { accepted: true, reason: null, model } });
      expect(round!.survivors).toHaveLength(3);
      expect(model).not.toBe(plan.initialModel);
      // All have added up themselves, so the sum's bytes went nowhere.
      const sink = { write: () => Promise.resolve() };
      await federation.hub.downloadBlob(model, sink);
      const noBlob = expect.objectContaining({ code: 'hub/no-blob' });
      await expect(federation.hub.downloadBlob(round!.sum!, sink)).rejects.toThrow(noBlob);

      const { logKey } = await federation.hub.info();
      const pins = { chainId: federation.book.chainId, contract: federation.book.alliance, logKey };
      const report = await verifyAlliance({ hub: federation.hubUrl, rpc: federation.rpcUrl, alliance, pins });
      expect(report.rounds[0]!.checks.filter(({ ok }) => ok !== true)).toEqual([]);
      expect(report).toMatchObject({ ok: true, model });
      expect(report.rounds[0]!.replayed).toEqual({ sum: round!.sum, model });
    },
    limitMs,
  );

  it(
    'ends with the same model when nodes are killed in the middle of training, uploading and adding up',
    async () => {
      const alliance = await federation.create(plan, parameters);
      await joinAll(alliance);
      const ending = federation.runToEnd(alliance);
      const kill = async (index: number, ...words: string[]) => {
        const node = nodes[index]!;
        await node.says(`"alliance":"${alliance}"`, ...words);
        await node.end('SIGKILL');
        nodes[index] = await runNode(folders[index]!);
      };
      await Promise.all([
        kill(0, 'Training begins.'),
        kill(1, 'Training is done.').then(() => kill(1, 'is open.')),
        Promise.race([kill(2, 'Added up the round.'), ending]),
      ]);
      expect((await ending).model).toBe(undisturbed.model);
      const [round] = await federation.hub.closedRounds(alliance);
      expect(round!.survivors).toHaveLength(3);
    },
    limitMs,
  );

  it(
    'ends with its work saved and no secret in its log',
    async () => {
      for (const [index, node] of nodes.entries()) {
        await node.end();
        expect(node.child.exitCode).toBe(0);
        const password = (await readFile(join(folders[index]!, 'password'), 'utf8')).trim();
        expect(node.log.join('\n')).not.toContain(password);
      }
    },
    limitMs,
  );
});
