import { type AggregationCrypto, type MeanOfSum, meanOfSum, PIECE_ELEMENTS, sumUploads } from '@skein/privacy';
import { createModelFile, decodeModelState, type ModelState } from '../model/model-state.ts';
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
  return stepInPieces(plan.strategy, state, mean);
}

/** The next model's file. Each coordinate goes its own way, so a step of pieces is the whole step, within the cache. */
function stepInPieces(strategy: Plan['strategy'], state: ModelState, mean: Mean): Uint8Array {
  const pieceAt = (start: number): ModelState => {
    const end = Math.min(start + PIECE_ELEMENTS, mean.length);
    return applyOuterStep(strategy, pieceOf(state, start, end), mean.piece(start, end));
  };
  const names = Object.keys(pieceAt(0).optimiser);
  const { file, state: next } = createModelFile(mean.length, names);
  for (let start = 0; start < mean.length; start += PIECE_ELEMENTS) {
    const { parameters, optimiser } = pieceAt(start);
    next.parameters.set(parameters, start);
    for (const name of names) next.optimiser[name]!.set(optimiser[name]!, start);
  }
  return file;
}

function pieceOf({ parameters, optimiser }: ModelState, start: number, end: number): ModelState {
  const pieces = Object.entries(optimiser).map(([name, values]) => [name, values.subarray(start, end)] as const);
  return { parameters: parameters.subarray(start, end), optimiser: Object.fromEntries(pieces) };
}

/** Of a sum under masks, or the numbers of clear mode. */
type Mean = Pick<MeanOfSum, 'length'> & { piece(start: number, end: number): ArrayLike<number> };

function meanOf({ aggregation }: Plan, sum: Uint8Array, survivors: number): Mean | undefined {
  if (aggregation.kind === 'clear') {
    // Whole numbers give finite means; what is posted in clear mode may be anything.
    const values = finite(parseFloat32(sum));
    return values && { length: values.length, piece: (start, end) => values.subarray(start, end) };
  }
  const values = parseUint32(sum);
  return values && meanOfSum(values, quantiserOf(aggregation), survivors);
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
