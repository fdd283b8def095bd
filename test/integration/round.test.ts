import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blobManifestOf, blobRoot, encodeModelState } from '@skein/alliance';
import { readAlliance } from '@skein/chain';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { digestOfUpdateManifest } from '@skein/core';
import { verifyAlliance } from '@skein/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Federation, NODE_PROGRAM, SHIPPED_MODEL, startFederation, testPlan } from './testing/federation.ts';

let federation: Federation;
beforeEach(async () => {
  federation = await startFederation();
}, 60_000);
afterEach(async () => await federation.stop(), 60_000);

const rootOf = (bytes: Uint8Array) => blobRoot(blobManifestOf(bytes));

/** Until the alliance is over: rounds move by events, this only looks. */
async function finished(id: string): Promise<void> {
  const signal = AbortSignal.timeout(170_000);
  for await (const _ of federation.hub.events(id, { signal, lastEventId: 0 })) {
    const alliance = await readAlliance(federation.creator, BigInt(id));
    if (alliance?.status === 'finished') return;
  }
}

describe('an alliance of three nodes, a hub and a chain, each a process', () => {
  it('closes a secure round, pays, and can be verified without trust in the hub', async () => {
    const targets = ['q_proj', 'v_proj'];
    const method = { kind: 'ffa-lora' as const, rank: 2, alpha: 4, targets, seed: 3 };
    const runtime = createWorkerRuntime();
    const trainer = await createLocalTrainer(runtime, { model: SHIPPED_MODEL, method, threads: 1 });
    const { initial, manifest, modelDigest } = trainer;
    await trainer.close();
    const plan = testPlan({
      method,
      baseModel: modelDigest,
      parameters: digestOfUpdateManifest(manifest),
      parameterCount: initial.values.length,
      initialModel: rootOf(encodeModelState({ parameters: initial.values, optimiser: {} })),
    });
    const alliance = await federation.create(plan, initial.values);
    const samples = join(SHIPPED_MODEL, '../../samples/clinics');
    const folders = [];
    for (const name of ['hill', 'lake', 'north']) {
      folders.push(await federation.join(alliance, { name, data: join(samples, name), model: SHIPPED_MODEL }));
    }
    const nodes = await Promise.all(folders.map((folder) => federation.run(NODE_PROGRAM, ['--directory', folder])));
    await federation.start(alliance);
    await finished(alliance);

    const onChain = (await readAlliance(federation.creator, BigInt(alliance)))!;
    const [round] = await federation.hub.closedRounds(alliance);
    expect(round).toMatchObject({ round: 1, result: { accepted: true, reason: null, model: onChain.model } });
    expect(round!.survivors).toHaveLength(3);
    expect(onChain.model).not.toBe(plan.initialModel);

    const report = await verifyAlliance({
      hub: federation.hubUrl,
      rpc: federation.rpcUrl,
      alliance,
      pins: {
        chainId: federation.book.chainId,
        contract: federation.book.alliance,
        logKey: (await federation.hub.info()).logKey,
      },
    });
    expect(report.rounds[0]!.checks.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(report).toMatchObject({ ok: true, model: onChain.model });
    expect(report.rounds[0]!.replayed).toEqual({ sum: round!.sum, model: onChain.model });

    for (const [index, node] of nodes.entries()) {
      await node.end();
      expect(node.child.exitCode).toBe(0);
      const key = await readFile(join(folders[index]!, 'password'), 'utf8');
      expect(node.log.join('\n')).not.toContain(key.trim());
    }
  }, 240_000);
});
