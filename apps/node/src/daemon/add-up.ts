import { type BodyOf, opaqueRule, type SumJob } from '@skein/alliance';
import { BaseError, type Digest, digestOfJson } from '@skein/core';
import { type SumBlobs, type SumFiles, sumOf } from './calculations.ts';
import type { RoundWork } from './round-work.ts';

export type AddedUp =
  | { readonly ok: true; readonly body: BodyOf<'round/sum/1'> }
  | { readonly ok: false; readonly sentence: string };

/**
 * Sum and model of a job; the model is kept among the blobs. What was computed once in a round is not computed again,
 * whether the aggregator, a replay or the member that is ahead of its replay asks.
 */
export async function addUp(work: RoundWork, job: SumJob, signal: AbortSignal, keepsSum = false): Promise<AddedUp> {
  const { context, sums } = work;
  const known = sums.get(jobDigest(job));
  if (known !== undefined && (known.keepsSum || !keepsSum)) return { ok: true, body: known.body };
  let added = await compute(work, { job, keepsSum }, signal);
  // A disk that has changed a blob convicts nobody.
  if (!added.ok && (await context.blobs.removeAltered(rootsOf(job))))
    added = await compute(work, { job, keepsSum }, signal);
  if (!added.ok) return added;
  const { sum, model } = added;
  for (const made of [sum, model]) context.blobs.made(made);
  const sizes = { sumBytes: sum.manifest.sizeBytes, modelBytes: model.manifest.sizeBytes };
  const body = { sum: sum.root, model: model.root, ...sizes };
  sums.set(jobDigest(job), { body, keepsSum });
  return { ok: true, body };
}

export function jobDigest(job: SumJob): Digest {
  return digestOfJson(job);
}

type Wanted = Pick<SumFiles, 'job' | 'keepsSum'>;

async function compute({ context }: RoundWork, wanted: Wanted, signal: AbortSignal): Promise<SumBlobs> {
  const { blobs, calculator, membership } = context;
  for (const root of rootsOf(wanted.job)) await blobs.bring(root, signal).catch(leaveMissing);
  const { plan } = membership;
  const files = { ...wanted, plan, blobs: blobs.folder };
  if (opaqueRule(plan) === null) return await calculator.calculate('addUp', files, signal);
  const { aggregate } = await context.trainer();
  return await sumOf(files, aggregate && ((parameters) => aggregate(parameters, signal)));
}

function rootsOf({ uploads, model }: SumJob): Digest[] {
  return [...uploads.map(({ root }) => root), model];
}

/** What the hub hasn't got, or has other bytes of, the sum will miss. A hub out of reach is another matter. */
function leaveMissing(error: unknown): void {
  const isMissing = error instanceof BaseError && (error.info['status'] === 404 || error.code === 'client/bad-blob');
  if (!isMissing) throw error;
}
