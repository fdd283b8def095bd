import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobManifestOf, blobRoot, encodeModelState } from '@skein/alliance';
import { createHubClient } from '@skein/client';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobPath } from '../storage/blob-path.ts';
import { type BlobStore, openBlobStore } from '../storage/blob-store.ts';
import { createTransfers } from '../storage/transfers.ts';
import { samplePlan } from '../testing/sample-plan.ts';
import type { AllianceContext } from './alliance-context.ts';
import { lossOf } from './model-losses.ts';

const signal = new AbortController().signal;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-models-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

async function contextOf(evaluate: () => Promise<number>) {
  const hub = createHubClient({ url: 'http://127.0.0.1:1', patienceMs: 0 });
  const blobs = await openBlobStore(join(directory, 'blobs'), createTransfers(hub));
  const plan = samplePlan({ parameterCount: 3 });
  const trainer = () => Promise.resolve({ evaluate });
  const context = { blobs, folder: directory, membership: { plan }, trainer, logger: pino({ level: 'silent' }) };
  return { blobs, context: context as unknown as AllianceContext };
}
const model = (...values: number[]) => encodeModelState({ parameters: Float32Array.from(values), optimiser: {} });
async function put({ folder }: BlobStore, bytes: Uint8Array) {
  const root = blobRoot(blobManifestOf(bytes));
  await writeFile(blobPath(folder, root), bytes);
  return root;
}

describe('a global model', () => {
  it('that nobody has is named', async () => {
    const { blobs, context } = await contextOf(() => Promise.resolve(0));
    const lost = await put(blobs, model(1, 2));
    await blobs.keepOnly(new Set());
    await expect(lossOf(context, lost, signal)).rejects.toThrow(
      expect.objectContaining({ code: 'client/unreachable' }),
    );
  });

  it('is measured once, also across restarts; what is not a number is never kept', async () => {
    const losses = [Number.NaN, 7, 8];
    const { blobs, context } = await contextOf(() => Promise.resolve(losses.shift()!));
    const root = await put(blobs, model(1, 2, 3));
    expect(await lossOf(context, root, signal)).toBeNaN();
    expect(await lossOf(context, root, signal)).toBe(7);
    expect(await lossOf((await contextOf(() => Promise.resolve(9))).context, root, signal)).toBe(7);
  });
});
