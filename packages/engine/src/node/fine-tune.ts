import { join } from 'node:path';
import { BaseError } from '@skein/core';
import { toMicroBatches } from '../data/micro-batches.ts';
import { type PrepareReport, prepareExamples } from '../data/prepare-examples.ts';
import { splitValidation } from '../data/split-validation.ts';
import type { TokenizedExample } from '../data/tokenized-example.ts';
import { type AdapterConfig, adapterModules, unusedPattern } from '../lora/adapter-config.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { chooseMemory, type MemoryChoice } from '../models/choose-memory.ts';
import { estimateTraining, type MemoryUse } from '../models/estimate.ts';
import { createLanguageModel, type LanguageModel } from '../models/language-model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { buildCausalLm, type CausalLmSpec } from '../models/causal-lm.ts';
import type { MicroBatch, Parameter } from '../train/differentiable-model.ts';
import type { TrainEvent } from '../train/train-event.ts';
import { type TrainResult, train } from '../train/trainer.ts';
import { readAdapter, writeAdapter } from './adapter-folder.ts';
import { assertVocabularyFits } from './assert-vocabulary-fits.ts';
import { readDataFiles } from './data-files.ts';
import { loadVocabulary } from './load-vocabulary.ts';
import { describeRun } from './describe-run.ts';
import type { FineTuneOptions } from './fine-tune-options.ts';
import { availableMemoryBytes } from './available-memory.ts';
import { memoryOfRun } from './memory-of-run.ts';
import { type ModelFolder, openModelFolder } from './model-folder.ts';
import { readAllWeights } from './model-weights.ts';
import { assertRunDirectory, openRunStore, type RunStore } from './run-store.ts';
import { scanWeights } from './scan-weights.ts';
import { settleWeights } from './settle-weights.ts';
import { type ModeChoice, openTrainingWeights } from './training-weights.ts';
import { writeModelFolder } from './write-model-folder.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** A run that is ready to start: its data are read and its parameters made; no session is open yet. */
export interface PreparedFineTune {
  readonly folder: ModelFolder;
  readonly model: LanguageModel;
  readonly choice: ModeChoice;
  readonly report: PrepareReport;
  readonly trainExamples: readonly TokenizedExample[];
  readonly validationExamples: readonly TokenizedExample[];
  readonly trainableElements: number;
  readonly memory: MemoryChoice;
  /**
   * Trains and writes the result.
   * @returns the trainer's result and the folder with the adapter or model, or null where the run was interrupted.
   */
  run(hooks: {
    onEvent: (event: TrainEvent) => void;
    signal?: AbortSignal;
  }): Promise<TrainResult & { output: string | null }>;
}

/**
 * Supervised fine-tuning of a model folder on data files, from files to files.
 * @throws BaseError for every kind of bad input, before anything is written.
 */
export async function prepareFineTune(runtime: Runtime, options: FineTuneOptions): Promise<PreparedFineTune> {
  assertRunDirectory({ directory: options.out, resume: options.resume });
  const folder = await openModelFolder(options.model);
  const examples = await prepareData(options);
  for (const { ids } of [...examples.train, ...examples.validation]) assertVocabularyFits(folder, ids);
  const trained = await prepareParameters(folder, options);
  const trainableElements = trained.parameters.reduce((sum, { data }) => sum + data.length, 0);
  const { model, choice, memory } = await openModel(runtime, { folder, trained, options, examples });
  return {
    folder,
    model,
    choice,
    report: examples.report,
    trainExamples: examples.train,
    validationExamples: examples.validation,
    trainableElements,
    memory,
    run: async (hooks) => {
      const store = await openRunStore({
        directory: options.out,
        config: await describeRun(runtime, folder, { options, choice, memory: memory.memory }),
        resume: options.resume,
      });
      try {
        const result = await runTraining({ options, model, examples, store, folder }, hooks);
        if (result.status === 'interrupted') return { ...result, output: null };
        return { ...result, output: await writeOutput(folder, options.out, trained) };
      } finally {
        await store.close();
      }
    },
  };
}

interface Examples {
  readonly train: readonly TokenizedExample[];
  readonly validation: readonly TokenizedExample[];
  readonly report: PrepareReport;
}

async function prepareData(options: FineTuneOptions): Promise<Examples> {
  const { model, data, format, rows, validation } = options;
  const vocabulary = await loadVocabulary(model);
  const prepare = (files: readonly string[]) =>
    prepareExamples(readDataFiles(files, format ? { format } : {}), {
      ...vocabulary,
      maxLength: rows.maxLength,
      overlong: rows.overlong,
    });
  const { examples, report } = await prepare(data);
  if ('fraction' in validation)
    return { ...splitValidation(examples, validation.fraction, options.train.seed), report };
  const held = validation.files.length === 0 ? [] : (await prepare(validation.files)).examples;
  return { train: examples, validation: held, report };
}

async function openModel(
  runtime: Runtime,
  { folder, trained, options, examples }: Pick<Run, 'folder' | 'options' | 'examples'> & { readonly trained: Trained },
): Promise<{ model: LanguageModel; choice: ModeChoice; memory: MemoryChoice }> {
  const { parameters, adapter } = trained;
  const { threads, rows, train: course, mode = 'fp32' } = options;
  const spec = specOf(folder, trained);
  const dropout = adapter?.dropout ?? 0;
  const { batch, maxLength: length, packing } = rows;
  const batches = toMicroBatches(examples.train, { batch, length, packing, shuffle: { seed: course.seed, epoch: 0 } });
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
  const how = { dropout, threads, recompute: memory.memory === 'low' };
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
  const estimate = (memory: MemoryUse) => {
    const task = { kind: 'loss', batch, length, gradients: true, dropout, recompute: memory === 'low' } as const;
    return estimateTraining(buildCausalLm(spec, task), { trainableElements, memory });
  };
  return { fast: estimate('fast'), low: estimate('low') };
}

function specOf({ config, weights }: ModelFolder, { parameters, adapter }: Trained): CausalLmSpec {
  if (adapter) return { config, weights, trainable: new Map(), adapter: adapterModules(adapter, config) };
  return { config, weights, trainable: new Map(parameters.map(({ name, dims }) => [name, dims])), adapter: [] };
}

interface Trained {
  readonly parameters: readonly Parameter[];
  readonly adapter: AdapterConfig | undefined;
}

async function prepareParameters(folder: ModelFolder, { method, train: { seed } }: FineTuneOptions): Promise<Trained> {
  if (method.kind === 'full') return { parameters: await readAllWeights(folder), adapter: undefined };
  if (method.kind === 'continue') {
    const { config, parameters } = await readAdapter(method.adapterFolder, folder);
    return { parameters, adapter: config };
  }
  const modules = adapterModules(method.adapter, folder.config);
  const unused = unusedPattern(method.adapter, modules);
  if (unused !== undefined) {
    throw new BaseError('engine/adapter-target', `The pattern "${unused}" fits no linear that the adapter changes.`, {
      hints: [`Patterns are names of linears or endings of their paths; the first is ${modules[0]?.path}.`],
    });
  }
  return { parameters: createAdapterParameters(modules, folder.config, seed), adapter: method.adapter };
}

interface Run {
  readonly options: FineTuneOptions;
  readonly model: LanguageModel;
  readonly examples: Examples;
  readonly store: RunStore;
  readonly folder: ModelFolder;
}

async function runTraining(
  { options, model, examples, store, folder }: Run,
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
      batchesOfEpoch: (epoch) => toMicroBatches(examples.train, { batch, length, packing, shuffle: { seed, epoch } }),
      validation: toMicroBatches(examples.validation, { batch, length, packing, shuffle: null }),
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

async function writeOutput(folder: ModelFolder, out: string, { parameters, adapter }: Trained): Promise<string> {
  if (adapter) {
    const path = join(out, 'adapter');
    await writeAdapter(path, { ...adapter, baseModel: adapter.baseModel ?? folder.path }, parameters);
    return path;
  }
  const path = join(out, 'model');
  const types = new Set([...folder.weights.values()].map(({ type }) => type));
  const dtype = types.has('float32') ? 'F32' : types.has('bfloat16') ? 'BF16' : 'F16';
  await writeModelFolder(path, { rawConfig: folder.rawConfig, parameters, dtype, companionsFrom: folder.path });
  return path;
}
