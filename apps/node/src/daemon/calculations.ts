import { readFile } from 'node:fs/promises';
import {
  type Aggregate,
  blobManifestOf,
  blobRoot,
  type CheckJob,
  type CheckOutcome,
  checkPostedSum,
  computeSum,
  makeUpload,
  parseFloat32,
  type Plan,
  type SumJob,
  type UploadJob,
} from '@skein/alliance';
import { type Digest, invariant } from '@skein/core';
import { nodeCrypto } from '@skein/privacy/node';
import { writeSecretly } from '../files/write-secretly.ts';
import { blobPath } from '../storage/blob-path.ts';
import type { MadeBlob } from '../storage/blob-store.ts';

// The long computations of a round, on files: blobs lie in the folder `blobs`, and are checked as they are used.

export interface UploadFiles {
  readonly job: UploadJob;
  /** File of the trained update. */
  readonly update: string;
  readonly blobs: string;
}

export async function uploadOf({ job, update, blobs }: UploadFiles): Promise<MadeBlob> {
  const bytes =
    job.kind === 'clear'
      ? await readFile(update)
      : Buffer.concat([...makeUpload(nodeCrypto, job, await readUpdate(update))]);
  return await keep(blobs, describe(bytes), bytes);
}

export interface SumFiles {
  readonly plan: Plan;
  readonly job: SumJob;
  readonly blobs: string;
  /** Whether the sum is kept, too, and not the model only. */
  readonly keepsSum: boolean;
}

export type SumBlobs =
  | { readonly ok: true; readonly sum: MadeBlob; readonly model: MadeBlob }
  | { readonly ok: false; readonly sentence: string };

/** @param aggregate of the trainer, for plans with opaque parameters */
export async function sumOf({ plan, job, blobs, keepsSum }: SumFiles, aggregate?: Aggregate): Promise<SumBlobs> {
  const computed = await computeSum(nodeCrypto, plan, job, { read: (root) => readBlob(blobs, root), aggregate });
  if (!computed.ok) return computed;
  const sum = describe(computed.sum);
  const model = describe(computed.model);
  // Of opaque parameters both are one blob, and a file has one writer.
  const isApart = keepsSum && sum.root !== model.root;
  await Promise.all([isApart && keep(blobs, sum, computed.sum), keep(blobs, model, computed.model)]);
  return { ok: true, sum, model };
}

export interface CheckFiles {
  readonly plan: Plan;
  readonly job: CheckJob;
  readonly update: string;
  readonly blobs: string;
}

export async function checkOf({ plan, job, update, blobs }: CheckFiles): Promise<CheckOutcome> {
  const [sum, model] = [await readBlob(blobs, job.sum), await readBlob(blobs, job.model)];
  invariant(sum !== undefined && model !== undefined, 'a check whose blobs are here');
  return checkPostedSum(nodeCrypto, plan, job, { update: await readUpdate(update), sum, model });
}

async function readUpdate(path: string): Promise<Float32Array> {
  const update = parseFloat32(await readFile(path));
  invariant(update !== undefined, 'a trained update of no whole number of values');
  return update;
}

/** Undefined where it isn't there: then nobody has it. */
async function readBlob(folder: string, root: Digest): Promise<Uint8Array | undefined> {
  return await readFile(blobPath(folder, root)).catch(() => undefined);
}

function describe(bytes: Uint8Array): MadeBlob {
  const manifest = blobManifestOf(bytes, () => nodeCrypto.createSha256());
  return { root: blobRoot(manifest), manifest };
}

async function keep(folder: string, made: MadeBlob, bytes: Uint8Array): Promise<MadeBlob> {
  await writeSecretly(blobPath(folder, made.root), [bytes]);
  return made;
}
