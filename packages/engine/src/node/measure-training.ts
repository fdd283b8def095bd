import { gradientCosine } from '../evaluate/gradient-cosine.ts';
import { type AdapterConfig, adapterModules } from '../lora/adapter-config.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { createLanguageModel, type LanguageModel } from '../models/language-model.ts';
import type { MemoryUse } from '../models/estimate.ts';
import { LINEARS } from '../models/weight-names.ts';
import { createRandom } from '../random.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import { arbitraryBatch } from './arbitrary-batch.ts';
import { openModelFolder } from './model-folder.ts';
import { type ModeChoice, openTrainingWeights, type TrainingMode } from './training-weights.ts';
import { trainOnBatch } from './train-on-batch.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

export interface MeasureTrainingOptions {
  /** Folder of the model. */
  readonly model: string;
  readonly mode: TrainingMode;
  readonly memory: MemoryUse;
  readonly batch: number;
  readonly length: number;
  readonly rank: number;
  /** Steps that count; one more goes before them. */
  readonly steps: number;
  readonly threads: number;
  readonly signal: AbortSignal;
}

export interface TrainingMeasurement {
  readonly choice: ModeChoice;
  /** Of every step that counts, whole: batch, gradients, clipping, AdamW. */
  readonly stepSeconds: readonly number[];
  /** Largest resident memory of the process up to the last step, mapped files included. */
  readonly peakRssBytes: number;
  /** Of the mode's gradient with float32's, at the same parameters; 1 in fp32. */
  readonly gradientCosine: number;
}

/**
 * Measures training steps on arbitrary ids, with LoRA on every linear and every position labelled. The float32 gradient
 * to compare with is taken last, so that its memory does not count.
 */
export async function measureTraining(runtime: Runtime, options: MeasureTrainingOptions): Promise<TrainingMeasurement> {
  const folder = await openModelFolder(options.model);
  const { config, weights } = folder;
  const modules = adapterModules(loraOn(options.rank), config);
  const start = withSomeB(createAdapterParameters(modules, config, 1));
  const spec = { config, weights, trainable: new Map<string, readonly number[]>(), adapter: modules };
  const { threads, signal } = options;
  const batch = arbitraryBatch({ ...options, vocabulary: config.vocabularySize });
  const recompute = options.memory === 'low';
  const job = { folder, spec, parameters: start, threads, batch, recompute, signal };
  const { choice, quantized } = await openTrainingWeights(runtime, options.mode, job);
  const parameters = start.map((parameter) => ({ ...parameter, data: parameter.data.slice() }));
  const model = createLanguageModel(runtime, {
    spec: { ...spec, ...(quantized && { quantized }) },
    parameters,
    threads,
    recompute,
    yieldControl: yieldToEventLoop,
  });
  const own = await gradientOf(model, batch);
  const stepSeconds = await timeSteps(model, batch, options);
  const peakRssBytes = 1024 * process.resourceUsage().maxRSS;
  await model.release();
  signal.throwIfAborted();
  if (!quantized) return { choice, stepSeconds, peakRssBytes, gradientCosine: 1 };
  const exact = createLanguageModel(runtime, { spec, parameters: start, threads, recompute });
  const cosine = gradientCosine(await gradientOf(exact, batch), own);
  await exact.release();
  return { choice, stepSeconds, peakRssBytes, gradientCosine: cosine };
}

function loraOn(rank: number): AdapterConfig {
  const patterns = { rankPattern: {}, alphaPattern: {}, layers: undefined, baseModel: undefined };
  return { rank, alpha: 2 * rank, dropout: 0, rankStabilized: false, targets: Object.keys(LINEARS), ...patterns };
}

/** An adapter as it might be after some steps: with B at zero, A would have no gradient to compare. */
function withSomeB(parameters: readonly Parameter[]): Parameter[] {
  const random = createRandom(2);
  return parameters.map((parameter) =>
    parameter.name.endsWith('lora_B.weight')
      ? { ...parameter, data: parameter.data.map(() => 0.01 * random.normal()) }
      : parameter,
  );
}

async function gradientOf(model: LanguageModel, batch: MicroBatch): Promise<Float32Array[]> {
  const sums = model.parameters.map(({ data }) => new Float32Array(data.length));
  await model.accumulateGradients(batch, 1 / batch.targetCount, sums, 0);
  return sums;
}

async function timeSteps(
  model: LanguageModel,
  batch: MicroBatch,
  { steps, signal }: MeasureTrainingOptions,
): Promise<number[]> {
  const ends: number[] = [];
  await trainOnBatch(model, batch, {
    steps: steps + 1,
    onEvent(event) {
      if (event.type === 'step') ends.push(performance.now());
    },
    signal,
  });
  return ends.slice(1).map((end, i) => (end - (ends[i] as number)) / 1000);
}
