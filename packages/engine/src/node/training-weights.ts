import { BaseError, digestOfJson } from '@skein/core';
import { gradientCosine } from '../evaluate/gradient-cosine.ts';
import type { FrozenMatrix } from '../graph/linear.ts';
import type { CausalLmSpec } from '../models/causal-lm.ts';
import { createLanguageModel } from '../models/language-model.ts';
import type { LinearName } from '../models/weight-names.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import { openInt4Weights } from './int4-weights.ts';
import { openInt8Cache } from './int8-cache.ts';
import { int8Levels } from './int8-levels.ts';
import type { ModelFolder } from './model-folder.ts';

/**
 * What computes products with frozen weights: floats, 8-bit integers, floats with weights in 4 bits, or whichever of
 * the first two a measurement favours.
 */
export type TrainingMode = 'fp32' | 'int8' | 'int4' | 'auto';

export const TRAINING_MODES = ['fp32', 'int8', 'int4', 'auto'] as const satisfies readonly TrainingMode[];

/** What a run computes with, and why; plain JSON. */
export interface ModeChoice {
  readonly mode: 'fp32' | 'int8' | 'int4';
  /** Linears that stay in float32 in int8 mode, by their last name. */
  readonly floats: string[];
  /** Of the choice's gradient with float32's on the calibration batch; null where none was taken. */
  readonly gradientCosine: number | null;
  readonly reason: string;
}

export interface CalibrationJob {
  readonly folder: ModelFolder;
  readonly spec: CausalLmSpec;
  readonly parameters: readonly Parameter[];
  readonly threads: number;
  /** Of the user's own data; needed for `auto`. */
  readonly batch: MicroBatch | undefined;
  /** As for `createLanguageModel`. */
  readonly recompute?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Linears that go back to float32 together: those of a feed-forward block are computed in the same stripes. */
const KINDS: readonly (readonly LinearName[])[] = [
  ['q_proj'],
  ['k_proj'],
  ['v_proj'],
  ['o_proj'],
  ['gate_proj', 'up_proj', 'down_proj'],
];

/** Least cosine of a gradient that `auto` takes. */
const LEAST_COSINE = 0.999;

type Matrices = ReadonlyMap<string, FrozenMatrix>;

/**
 * Opens the weights of a mode. `auto` compares gradients on the calibration batch: where 8 bits everywhere are not
 * close enough to float32, the kind of linear whose return to float32 helps most goes back, until they are. The choice
 * is kept beside the quantised weights.
 * @returns the matrices for `CausalLmSpec.quantized`, none in fp32
 */
export async function openTrainingWeights(
  runtime: Runtime,
  mode: TrainingMode,
  job: CalibrationJob,
): Promise<{ readonly choice: ModeChoice; readonly quantized: Matrices | undefined }> {
  const asked = { floats: [], gradientCosine: null };
  if (mode === 'fp32') return { choice: { ...asked, mode, reason: 'asked for' }, quantized: undefined };
  if (job.spec.trainable.size > 0) {
    if (mode === 'auto') {
      return { choice: { ...asked, mode: 'fp32', reason: 'every weight is trained' }, quantized: undefined };
    }
    throw new BaseError('engine/int8-full', `In ${mode} only adapters are trained; frozen weights are its subject.`, {
      hints: ['Leave out --full, or use --mode fp32.'],
    });
  }
  if (mode === 'int4') {
    const how = { threads: job.threads, inOneType: runtime.createStore !== undefined, signal: job.signal };
    const quantized = await openInt4Weights(job.folder, how);
    return { choice: { ...asked, mode, reason: 'asked for' }, quantized };
  }
  const cache = await openInt8Cache(job.folder, {
    levels: await int8Levels(runtime),
    threads: job.threads,
    signal: job.signal,
  });
  if (mode === 'int8') return { choice: { ...asked, mode, reason: 'asked for' }, quantized: cache.matrices };
  const { batch } = job;
  if (!batch)
    return { choice: { ...asked, mode: 'fp32', reason: 'there is no data to calibrate on' }, quantized: undefined };
  const key = digestOfJson({ adapter: job.spec.adapter, ids: [...batch.inputIds], targets: [...batch.targets] });
  const choice = (await cache.readChoice(key)) ?? (await calibrate(runtime, { ...job, batch }, cache.matrices));
  await cache.writeChoice(key, choice);
  const quantized = choice.mode === 'int8' ? without(cache.matrices, choice.floats) : undefined;
  return { choice, quantized };
}

type Calibrated = ModeChoice & { readonly mode: 'fp32' | 'int8' };

type Calibration = CalibrationJob & { readonly batch: MicroBatch };

async function calibrate(runtime: Runtime, job: Calibration, matrices: Matrices): Promise<Calibrated> {
  const exact = await gradientsOf(runtime, job, undefined);
  const cosineWithout = async (floats: readonly string[]) =>
    gradientCosine(exact, await gradientsOf(runtime, job, without(matrices, floats)));
  const floats: string[] = [];
  let cosine = await cosineWithout(floats);
  const left = new Set(KINDS);
  while (!(cosine >= LEAST_COSINE) && left.size > 0) {
    const tried: { kind: readonly LinearName[]; cosine: number }[] = [];
    for (const kind of left) tried.push({ kind, cosine: await cosineWithout([...floats, ...kind]) });
    const best = tried.reduce((a, b) => (b.cosine > a.cosine ? b : a));
    left.delete(best.kind);
    floats.push(...best.kind);
    cosine = best.cosine;
  }
  if (cosine >= LEAST_COSINE) {
    return { mode: 'int8', floats, gradientCosine: cosine, reason: 'close enough to float32 on the calibration batch' };
  }
  return { mode: 'fp32', floats: [], gradientCosine: cosine, reason: 'int8 is too far from float32 on this data' };
}

async function gradientsOf(
  runtime: Runtime,
  { spec, parameters, threads, batch, recompute = false, signal }: Calibration,
  quantized: Matrices | undefined,
): Promise<Float32Array[]> {
  signal?.throwIfAborted();
  const model = createLanguageModel(runtime, {
    spec: { ...spec, ...(quantized && { quantized }) },
    parameters,
    threads,
    recompute,
  });
  const gradients = parameters.map(({ data }) => new Float32Array(data.length));
  await model.accumulateGradients(batch, 1 / Math.max(1, batch.targetCount), gradients, 0);
  await model.release();
  return gradients;
}

function without(matrices: Matrices, floats: readonly string[]): Matrices {
  return new Map([...matrices].filter(([name]) => !name.split('.').some((part) => floats.includes(part))));
}
