import { type BodyOf, computeSum, type SumJob } from '@skein/alliance';
import { type Digest, digestOfJson } from '@skein/core';
import { nodeCrypto } from '@skein/privacy/node';
import { readIfThere } from '../storage/read-if-there.ts';
import type { RoundWork } from './round-work.ts';

export type AddedUp =
  | { readonly ok: true; readonly body: BodyOf<'round/sum/1'> }
  | { readonly ok: false; readonly sentence: string };

/**
 * Sum and model of a job, both kept among the blobs. What was computed once in a round is not computed again, whether the
 * aggregator, a replay or the member that is ahead of its replay asks: the same job gives the same bytes.
 */
export async function addUp({ context, sums }: RoundWork, job: SumJob, signal: AbortSignal): Promise<AddedUp> {
  const { blobs, membership } = context;
  const known = sums.get(jobDigest(job));
  if (known !== undefined) return { ok: true, body: known };
  const read = (root: Digest) => readIfThere(blobs, root, signal);
  const computed = await computeSum(nodeCrypto, membership.plan, job, { read, signal });
  if (!computed.ok) return computed;
  const { sum, model } = computed;
  const body = {
    sum: await blobs.put(sum),
    sumBytes: sum.length,
    model: await blobs.put(model),
    modelBytes: model.length,
  };
  sums.set(jobDigest(job), body);
  return { ok: true, body };
}

export function jobDigest(job: SumJob): Digest {
  return digestOfJson(job);
}
