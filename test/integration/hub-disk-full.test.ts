import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobManifestOf, blobRoot, encodeModelState } from '@skein/alliance';
import { digestOfBytes } from '@skein/core';
import { verifyAlliance } from '@skein/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Federation, NODE_PROGRAM, SHIPPED_MODEL, startFederation, testPlan } from './testing/federation.ts';
import type { Program } from './testing/start-program.ts';

const limitMs = 240_000;
const example = join(SHIPPED_MODEL, '../../examples/logistic');
const zeros = new Float32Array(4);
const disk = mkdtempSync(join(tmpdir(), 'skein-small-disk-'));
const isMounted = mount();
// Takes the disk away when this process lets go of its input, be it because it was killed.
const UNMOUNT = 'cat > /dev/null; umount -l "$0"; rmdir "$0"';
const unmounter = spawn('sh', ['-c', UNMOUNT, disk], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
let federation: Federation;

/** A file system of its own for the hub, which a test can fill up. @returns false where nobody may mount one */
function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  if (isMounted) federation = await startFederation(join(disk, 'hub'));
}, limitMs);
afterAll(async () => {
  if (isMounted) await federation.stop();
  unmounter.stdin.end();
  await once(unmounter, 'exit');
}, limitMs);

/** Writes until nothing more fits. @returns what frees the space again */
async function fill(): Promise<() => Promise<void>> {
  const path = join(disk, 'filler');
  const file = await open(path, 'w');
  for (const size of [1024 * 1024, 4096, 1]) {
    for (;;) {
      const written = await file.write(Buffer.alloc(size, 1)).then(
        ({ bytesWritten }) => bytesWritten,
        () => 0,
      );
      if (written < size) break;
    }
  }
  await file.close();
  return () => rm(path);
}

it.skipIf(!isMounted)(
  'a hub whose disk is full says so, and goes on with the same round once there is space',
  async () => {
    const folders: string[] = [];
    for (const site of ['north', 'lake', 'hill']) {
      const command = [process.execPath, 'logistic.js', `${site}.csv`];
      const trainers = { logistic: { kind: 'command' as const, command, folder: example } };
      folders.push(await federation.makeNode({ name: site, data: example, config: { trainers } }));
    }
    const plan = testPlan({
      method: { kind: 'custom', trainer: 'logistic' },
      baseModel: digestOfBytes(Uint8Array.of(1)),
      parameters: digestOfBytes(Uint8Array.of(2)),
      parameterCount: 4,
      initialModel: blobRoot(blobManifestOf(encodeModelState({ parameters: zeros, optimiser: {} }))),
      aggregation: { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 3 },
    });
    const alliance = await federation.create(plan, zeros);
    for (const folder of folders) await federation.join(folder, alliance, { trainer: 'logistic' });
    const run = (folder: string): Promise<Program> => federation.run(NODE_PROGRAM, ['--directory', folder]);
    const nodes = [await run(folders[0]!), await run(folders[1]!)];
    const ending = federation.runToEnd(alliance);
    await federation.uploadsOf(alliance, 2);
    const free = await fill();
    nodes.push(await run(folders[2]!));
    await nodes[2]!.says('disk of the hub is full');
    await free();
    const { removed } = await ending;
    expect(removed).toBe(0n);
    const { logKey } = await federation.hub.info();
    const pins = { chainId: federation.book.chainId, contract: federation.book.alliance, logKey };
    const report = await verifyAlliance({ hub: federation.hubUrl, rpc: federation.rpcUrl, alliance, pins });
    expect(report).toMatchObject({ ok: true, rounds: [{ status: 'accepted', survivors: { length: 3 } }] });
    for (const node of nodes) await node.end();
  },
  limitMs,
);
