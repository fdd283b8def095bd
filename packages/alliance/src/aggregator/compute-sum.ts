import { type AggregationCrypto, dequantiseSum, sumUploads } from '@skein/privacy';
import { decodeModelState, encodeModelState } from '../model/model-state.ts';
import { encodeFloat32, parseFloat32, parseUint32 } from '../model/number-bytes.ts';
import { opaqueRule, type Plan } from '../plan.ts';
import { quantiserOf } from '../quantiser-of.ts';
import { applyOuterStep } from '../strategies/outer-step.ts';
import { applyRule } from '../strategies/clear-rules.ts';
import { aggregateOpaque } from './aggregate-opaque.ts';
import { type BlobSource, readBlob } from './blob-source.ts';
import type { ComputedSum } from './computed-sum.ts';
import type { SumJob } from './sum-job.ts';

/**
 * Adds up a round: what the aggregator does, and what everybody does again who replays it. The same job gives the same
 * bytes on every machine; of opaque parameters, where the trainer's `aggregate` does. Holds one upload (in clear mode
 * all), the sum and two models in memory.
 * @throws what `source.aggregate` throws
 */
export async function computeSum(
  crypto: AggregationCrypto,
  plan: Plan,
  job: SumJob,
  source: BlobSource,
): Promise<ComputedSum> {
  if (opaqueRule(plan) !== null) return aggregateOpaque(crypto, plan, job, source);
  const summed =
    job.secure === null ? await sumInClear(crypto, plan, job, source) : await sumMasked(crypto, job, source);
  if (!summed.ok) return summed;
  const base = await readBlob(crypto, source, job.model);
  if (base === undefined) return { ok: false, sentence: `The model ${job.model} can't be read.` };
  const model = nextModel(plan, base, summed.sum, job.uploads.length);
  if (model === undefined)
    return { ok: false, sentence: 'The weights in the sum can’t be: somebody sent numbers out of range.' };
  return { ok: true, sum: summed.sum, model };
}

/**
 * The bytes of the model that follows from a round's sum; undefined where the bytes can't be a sum under this plan.
 * @param base bytes of the model that the round starts from
 * @param sum bytes as posted: unsigned 32-bit values, or float32 of the rule in clear mode
 */
export function nextModel(plan: Plan, base: Uint8Array, sum: Uint8Array, survivors: number): Uint8Array | undefined {
  const mean = meanOf(plan, sum, survivors);
  const state = decodeModelState(base);
  if (mean === undefined || mean.length !== state.parameters.length) return undefined;
  return encodeModelState(applyOuterStep(plan.strategy, state, mean));
}

function meanOf({ aggregation }: Plan, sum: Uint8Array, survivors: number): Float64Array | Float32Array | undefined {
  // Whole numbers give finite means; what is posted in clear mode may be anything.
  if (aggregation.kind === 'clear') return finite(parseFloat32(sum));
  const values = parseUint32(sum);
  return values && dequantiseSum(values, quantiserOf(aggregation), survivors);
}

function finite(values: Float32Array | undefined): Float32Array | undefined {
  return values?.every((value) => Number.isFinite(value)) ? values : undefined;
}

async function sumMasked(crypto: AggregationCrypto, job: SumJob, source: BlobSource): Promise<Summed> {
  const secure = job.secure!;
  const roots = Object.fromEntries(job.uploads.map(({ sender, root }) => [sender, root]));
  const result = await sumUploads(crypto, {
    ...secure,
    roots,
    readUpload: (sender) => source.read(roots[sender]!),
    ...(source.signal === undefined ? {} : { signal: source.signal }),
  });
  if (!result.ok) return { ok: false, sentence: result.fault.message };
  const { buffer, byteOffset, byteLength } = result.sum;
  return { ok: true, sum: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) };
}

type Summed = { readonly ok: true; readonly sum: Uint8Array } | { readonly ok: false; readonly sentence: string };

async function sumInClear(crypto: AggregationCrypto, plan: Plan, job: SumJob, source: BlobSource): Promise<Summed> {
  const { aggregation } = plan;
  if (aggregation.kind !== 'clear') throw new RangeError('A secure plan needs the opened secrets');
  const updates: Float32Array[] = [];
  for (const { sender, root } of job.uploads) {
    source.signal?.throwIfAborted();
    const bytes = await readBlob(crypto, source, root);
    const update = bytes && parseFloat32(bytes);
    if (update === undefined) return { ok: false, sentence: `The upload of ${sender} can't be read.` };
    if (update.length !== plan.parameterCount) {
      return {
        ok: false,
        sentence: `The upload of ${sender} has ${update.length} numbers, not ${plan.parameterCount}.`,
      };
    }
    // One member's nonsense is no reason to lose the others' round: everybody leaves it out alike.
    if (update.every((value) => Number.isFinite(value))) updates.push(update);
  }
  if (updates.length < aggregation.minSurvivors) {
    const sentence = `${updates.length} uploads are of finite numbers; the plan needs ${aggregation.minSurvivors}.`;
    return { ok: false, sentence };
  }
  return { ok: true, sum: encodeFloat32(applyRule(aggregation.rule, updates)) };
}
