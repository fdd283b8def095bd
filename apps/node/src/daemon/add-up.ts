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
export async function addUp(work: RoundWork, job: SumJob, signal: AbortSignal, keepsSum: boolean): Promise<AddedUp> {
  const { sums, adding } = work;
  const key = jobDigest(job);
  for (let other = adding.get(key); other !== undefined; other = adding.get(key)) await other.catch(() => undefined);
  const known = sums.get(key);
  if (known !== undefined && (known.keepsSum || !keepsSum)) return { ok: true, body: known.body };
  const adds = computeAnew(work, { job, keepsSum }, signal).finally(() => adding.delete(key));
  adding.set(key, adds);
  const added = await adds;
  if (added.ok) sums.set(key, { body: added.body, keepsSum });
  return added;
}

async function computeAnew(work: RoundWork, wanted: Wanted, signal: AbortSignal): Promise<AddedUp> {
  const { blobs } = work.context;
  let added = await compute(work, wanted, signal);
  // A disk that has changed a blob convicts nobody.
  if (!added.ok && (await blobs.removeAltered(rootsOf(wanted.job)))) added = await compute(work, wanted, signal);
  if (!added.ok) return added;
  const { sum, model } = added;
  for (const made of [sum, model]) blobs.made(made);
  const sizes = { sumBytes: sum.manifest.sizeBytes, modelBytes: model.manifest.sizeBytes };
  return { ok: true, body: { sum: sum.root, model: model.root, ...sizes } };
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
  if (opaqueRule(plan) === null) return await calculator.run('addUp', files, signal);
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
