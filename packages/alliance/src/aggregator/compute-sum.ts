import type { Digest } from '@skein/core';
import { type AggregationCrypto, dequantiseSum, sumUploads } from '@skein/privacy';
import { verifyBlob } from '../blob-manifest.ts';
import { decodeModelState, encodeModelState } from '../model/model-state.ts';
import { encodeFloat32, parseFloat32, parseUint32 } from '../model/number-bytes.ts';
import type { Plan } from '../plan.ts';
import { quantiserOf } from '../quantiser-of.ts';
import { applyOuterStep } from '../strategies/outer-step.ts';
import { applyRule } from '../strategies/clear-rules.ts';
import type { SumJob } from './sum-job.ts';

/** Where the bytes come from. */
export interface BlobSource {
  /** The whole blob; undefined where it can't be had. It is checked against its root. */
  readonly read: (root: Digest) => Promise<Uint8Array | undefined>;
  readonly signal?: AbortSignal;
}

/** The bytes of the round's sum and of the model that follows, or why there are none. */
export type ComputedSum =
  | { readonly ok: true; readonly sum: Uint8Array; readonly model: Uint8Array }
  | { readonly ok: false; readonly sentence: string };

/**
 * Adds up a round: what the aggregator does, and what everybody does again who replays it. The same job gives the same
 * bytes on every machine. Holds one upload, the sum and two models in memory.
 */
export async function computeSum(
  crypto: AggregationCrypto,
  plan: Plan,
  job: SumJob,
  source: BlobSource,
): Promise<ComputedSum> {
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
  if (!mean.every((value) => Number.isFinite(value))) return undefined;
  return encodeModelState(applyOuterStep(plan.strategy, state, mean));
}

function meanOf({ aggregation }: Plan, sum: Uint8Array, survivors: number): Float64Array | Float32Array | undefined {
  if (aggregation.kind === 'clear') return parseFloat32(sum);
  const values = parseUint32(sum);
  return values && dequantiseSum(values, quantiserOf(aggregation), survivors);
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
  if (plan.aggregation.kind !== 'clear') throw new RangeError('A secure plan needs the opened secrets');
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
    updates.push(update);
  }
  return { ok: true, sum: encodeFloat32(applyRule(plan.aggregation.rule, updates)) };
}

async function readBlob(crypto: AggregationCrypto, source: BlobSource, root: Digest): Promise<Uint8Array | undefined> {
  const bytes = await source.read(root);
  return bytes !== undefined && verifyBlob(bytes, root, () => crypto.createSha256()) ? bytes : undefined;
}
