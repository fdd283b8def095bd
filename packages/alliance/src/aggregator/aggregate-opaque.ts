import type { AggregationCrypto } from '@skein/privacy';
import { opaqueParameters } from '../model/opaque-model.ts';
import type { Plan } from '../plan.ts';
import { type Aggregate, type BlobSource, readBlob } from './blob-source.ts';
import type { ComputedSum } from './computed-sum.ts';
import type { SumJob } from './sum-job.ts';

/**
 * The members' opaque parameters made one by the trainer's own `aggregate`, in the order of their addresses. Sum and model
 * are the same bytes: there is no outer step between them. Uploads that the trainer refuses are left out by a rule that
 * everybody follows alike, so that one member's garbage doesn't cost the others their round.
 */
export async function aggregateOpaque(
  crypto: AggregationCrypto,
  plan: Plan,
  job: SumJob,
  source: BlobSource,
): Promise<ComputedSum> {
  const { aggregate } = source;
  if (aggregate === undefined) throw new RangeError('Opaque parameters need a trainer that aggregates');
  const uploads: Uint8Array[] = [];
  for (const { sender, root } of job.uploads) {
    source.signal?.throwIfAborted();
    const bytes = await readBlob(crypto, source, root);
    if (bytes === undefined) return { ok: false, sentence: `The upload of ${sender} can't be read.` };
    uploads.push(bytes);
  }
  const all = await aggregate(uploads);
  if (all !== null) return { ok: true, sum: all, model: all };
  const model = await readBlob(crypto, source, job.model);
  if (model === undefined) return { ok: false, sentence: `The model ${job.model} can't be read.` };
  const kept = await fitting(aggregate, opaqueParameters(model), uploads);
  const isEnough = kept.length >= plan.aggregation.minSurvivors && kept.length < uploads.length;
  const some = isEnough ? await aggregate(kept) : null;
  if (some !== null) return { ok: true, sum: some, model: some };
  const sentence = `The trainer takes ${kept.length} of ${uploads.length} uploads by themselves, and makes no sum of them.`;
  return { ok: false, sentence };
}

/** Uploads that the trainer takes together with the current model, or alone where there is none yet. */
async function fitting(
  aggregate: Aggregate,
  current: Uint8Array | null,
  uploads: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const kept: Uint8Array[] = [];
  for (const upload of uploads) {
    if ((await aggregate(current === null ? [upload] : [current, upload])) !== null) kept.push(upload);
  }
  return kept;
}
