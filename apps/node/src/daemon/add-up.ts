import { type BodyOf, computeSum, opaqueRule, type SumJob } from '@skein/alliance';
import { type Digest, digestOfJson } from '@skein/core';
import { nodeCrypto } from '@skein/privacy/node';
import { readIfThere } from '../storage/read-if-there.ts';
import type { AllianceContext } from './alliance-context.ts';
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
  const aggregate = await aggregateOf(context, signal);
  const computed = await computeSum(nodeCrypto, membership.plan, job, { read, aggregate, signal });
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

async function aggregateOf({ membership, trainer }: AllianceContext, signal: AbortSignal) {
  if (opaqueRule(membership.plan) === null) return undefined;
  const { aggregate } = await trainer();
  return aggregate && ((parameters: readonly Uint8Array[]) => aggregate(parameters, signal));
}

export function jobDigest(job: SumJob): Digest {
  return digestOfJson(job);
}
