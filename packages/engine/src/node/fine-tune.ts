import { toMicroBatches } from '../data/micro-batches.ts';
import { adapterModules } from '../lora/adapter-config.ts';
import type { CausalLmSpec } from '../models/causal-lm.ts';
import { chooseMemory, type MemoryChoice } from '../models/choose-memory.ts';
import { estimateTraining, type MemoryUse } from '../models/estimate.ts';
import { createLanguageModel, type LanguageModel } from '../models/language-model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import type { TrainEvent } from '../train/train-event.ts';
import { type TrainResult, train } from '../train/trainer.ts';
import { availableMemoryBytes } from './available-memory.ts';
import { describeRun } from './describe-run.ts';
import { type FineTuneInputs, type PreparedRun, readFineTuneInputs, writeTrained } from './fine-tune-inputs.ts';
import type { FineTuneOptions } from './fine-tune-options.ts';
import { memoryOfRun } from './memory-of-run.ts';
import { onnxRuntimeVersion } from './onnx-runtime-version.ts';
import { openRunStore, type RunStore } from './run-store.ts';
import { scanWeights } from './scan-weights.ts';
import { settleWeights } from './settle-weights.ts';
import { type ModeChoice, openTrainingWeights } from './training-weights.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** A run of the engine itself; no session is open yet. */
export interface PreparedFineTune extends PreparedRun {
  readonly model: LanguageModel;
  readonly choice: ModeChoice;
  readonly memory: MemoryChoice;
}

/**
 * Supervised fine-tuning of a model folder on data files, from files to files.
 * @throws BaseError for every kind of bad input, before anything is written.
 */
export async function prepareFineTune(runtime: Runtime, options: FineTuneOptions): Promise<PreparedFineTune> {
  const { trained, ...inputs } = await readFineTuneInputs(options);
  const { folder } = inputs;
  const { model, choice, memory } = await openModel(runtime, { ...inputs, trained }, options);
  return {
    ...inputs,
    model,
    choice,
    memory,
    run: async (hooks) => {
      // Runs of before there were modes are float32's.
      const numbers = choice.mode !== 'fp32' ? { mode: choice.mode, floats: choice.floats } : {};
      // Layers that are run again give the same gradients but for the order of some sums.
      const low = memory.memory === 'low' ? { memory: memory.memory } : {};
      const runtimeName = `${runtime.name} ${onnxRuntimeVersion}`;
      const store = await openRunStore({
        directory: options.out,
        config: await describeRun(folder, options, { runtime: runtimeName, ...numbers, ...low }),
        resume: options.resume,
      });
      try {
        const result = await runTraining({ ...inputs, options, model, store }, hooks);
        if (result.status === 'interrupted') return { ...result, output: null };
        return { ...result, output: await writeTrained(folder, options.out, trained) };
      } finally {
        await store.close();
      }
    },
  };
}

async function openModel(
  runtime: Runtime,
  inputs: FineTuneInputs,
  options: FineTuneOptions,
): Promise<{ model: LanguageModel; choice: ModeChoice; memory: MemoryChoice }> {
  const { folder, trainExamples, trained } = inputs;
  const { parameters, adapter } = trained;
  const { threads, rows, train: course, mode = 'fp32' } = options;
  const spec = specOf(inputs);
  const dropout = adapter?.dropout ?? 0;
  const { batch, maxLength: length, packing } = rows;
  const batches = toMicroBatches(trainExamples, { batch, length, packing, shuffle: { seed: course.seed, epoch: 0 } });
  const largest = batches.reduce((a, b) => (b.batch * b.length > a.batch * a.length ? b : a), { batch, length: 1 });
  const before = options.resume ? await memoryOfRun(options.out) : undefined;
  const choose = (built: CausalLmSpec) =>
    chooseMemory(options.memory ?? 'fast', estimatesOf({ ...trained, spec: built, dropout, largest }), {
      availableBytes: availableMemoryBytes(),
      before,
    });
  // In float32, which needs most.
  const recompute = choose(spec).memory === 'low';
  // The first batch of the run is the one on which modes are compared.
  const job = { folder, spec, parameters, threads, batch: batches[0], recompute };
  const { choice, quantized } = await openTrainingWeights(runtime, mode, job);
  const own = { ...spec, ...(quantized && { quantized }) };
  const memory = choose(own);
  const how = { dropout, threads, yieldControl: yieldToEventLoop, recompute: memory.memory === 'low' };
  return { model: createLanguageModel(runtime, { spec: own, parameters, ...how }), choice, memory };
}

interface Estimated {
  readonly spec: CausalLmSpec;
  readonly parameters: readonly Parameter[];
  readonly dropout: number;
  readonly largest: Pick<MicroBatch, 'batch' | 'length'>;
}

function estimatesOf({ spec, parameters, dropout, largest: { batch, length } }: Estimated) {
  const trainableElements = parameters.reduce((sum, { data }) => sum + data.length, 0);
  const estimate = (memory: MemoryUse) => estimateTraining(spec, { batch, length, dropout, trainableElements, memory });
  return { fast: estimate('fast'), low: estimate('low') };
}

function specOf({ folder: { config, weights }, trained: { parameters, adapter } }: FineTuneInputs): CausalLmSpec {
  if (adapter) return { config, weights, trainable: new Map(), adapter: adapterModules(adapter, config) };
  return { config, weights, trainable: new Map(parameters.map(({ name, dims }) => [name, dims])), adapter: [] };
}

interface Run extends Pick<FineTuneInputs, 'folder' | 'trainExamples' | 'validationExamples'> {
  readonly options: FineTuneOptions;
  readonly model: LanguageModel;
  readonly store: RunStore;
}

async function runTraining(
  { options, model, store, folder, trainExamples, validationExamples }: Run,
  hooks: { onEvent: (event: TrainEvent) => void; signal?: AbortSignal },
): Promise<TrainResult> {
  const { batch, maxLength: length, packing } = options.rows;
  const { seed } = options.train;
  const stopScan = new AbortController();
  // Beside the first step: opening a large model need not wait for a read of all its bytes.
  const scan = scanWeights(folder, stopScan.signal).then((digest) => settleWeights(options.out, digest));
  // Its failure is awaited below, where the run can be stopped by it.
  scan.catch(() => undefined);
  try {
    return await train({
      model,
      config: options.train,
      configDigest: store.configDigest,
      batchesOfEpoch: (epoch) => toMicroBatches(trainExamples, { batch, length, packing, shuffle: { seed, epoch } }),
      validation: toMicroBatches(validationExamples, { batch, length, packing, shuffle: null }),
      checkpoint: store.checkpoint,
      checkpointEvery: options.checkpointEvery,
      async saveCheckpoint(checkpoint) {
        await scan;
        await store.saveCheckpoint(checkpoint);
      },
      async onEvent(event) {
        if (event.type === 'step' && event.step === 1) await scan;
        await store.recordEvent(event);
        hooks.onEvent(event);
      },
      now: () => performance.now(),
      yieldControl: yieldToEventLoop,
      ...(hooks.signal && { signal: hooks.signal }),
    });
  } catch (error) {
    // A weight that is NaN also makes the loss NaN; its name says more.
    await scan;
    throw error;
  } finally {
    stopScan.abort();
  }
}
