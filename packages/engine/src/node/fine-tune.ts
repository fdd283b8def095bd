import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError, digestFromHash } from '@skein/core';
import type { DataFormat } from '../data/data-format.ts';
import { toMicroBatches } from '../data/micro-batches.ts';
import { type OverlongPolicy, type PrepareReport, prepareExamples } from '../data/prepare-examples.ts';
import { splitValidation } from '../data/split-validation.ts';
import type { TokenizedExample } from '../data/tokenized-example.ts';
import { type AdapterConfig, adapterModules } from '../lora/adapter-config.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import { estimateTraining, type TrainingEstimate } from '../models/estimate.ts';
import { createLanguageModel, type LanguageModel } from '../models/language-model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import type { TrainConfig } from '../train/train-config.ts';
import type { TrainEvent } from '../train/train-event.ts';
import { type TrainResult, train } from '../train/trainer.ts';
import { readAdapter, writeAdapter } from './adapter-folder.ts';
import { readDataFiles } from './data-files.ts';
import { loadVocabulary } from './load-vocabulary.ts';
import { type ModelFolder, openModelFolder } from './model-folder.ts';
import { readAllWeights } from './model-weights.ts';
import { onnxRuntimeVersion } from './onnx-runtime-version.ts';
import { openRunStore, type RunStore } from './run-store.ts';
import { scanWeights } from './scan-weights.ts';
import { writeModelFolder } from './write-model-folder.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

export interface FineTuneOptions {
  /** Folder of the base model, with its tokenizer. */
  readonly model: string;
  readonly data: readonly string[];
  readonly format?: DataFormat;
  /** Files to evaluate on; or a share of the training data is set aside. */
  readonly validation: { readonly files: readonly string[] } | { readonly fraction: number };
  /** Run directory: `adapter/` (or `model/`), `metrics.jsonl`, checkpoints. */
  readonly out: string;
  readonly resume: boolean;
  /** What is trained: a new adapter, an adapter folder's arrays, or every weight. */
  readonly method:
    | { readonly kind: 'lora'; readonly adapter: AdapterConfig }
    | { readonly kind: 'continue'; readonly adapterFolder: string }
    | { readonly kind: 'full' };
  readonly rows: {
    readonly batch: number;
    readonly maxLength: number;
    readonly packing: boolean;
    readonly overlong: OverlongPolicy;
  };
  readonly train: TrainConfig;
  readonly checkpointEvery: number | null;
  readonly threads: number;
}

/** A run that is ready to start: its data are read and its parameters made; no session is open yet. */
export interface PreparedFineTune {
  readonly folder: ModelFolder;
  readonly model: LanguageModel;
  readonly report: PrepareReport;
  readonly trainExamples: readonly TokenizedExample[];
  readonly validationExamples: readonly TokenizedExample[];
  readonly trainableElements: number;
  readonly estimate: TrainingEstimate;
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
  const folder = await openModelFolder(options.model);
  const vocabulary = await loadVocabulary(options.model);
  const limits = { ...vocabulary, maxLength: options.rows.maxLength, overlong: options.rows.overlong };
  const read = (files: readonly string[]) => readDataFiles(files, options.format ? { format: options.format } : {});
  const { examples, report } = await prepareExamples(read(options.data), limits);
  const { train: trainExamples, validation: validationExamples } =
    'files' in options.validation
      ? {
          train: examples,
          validation:
            options.validation.files.length === 0
              ? []
              : (await prepareExamples(read(options.validation.files), limits)).examples,
        }
      : splitValidation(examples, options.validation.fraction, options.train.seed);
  assertVocabularyFits(folder, [...trainExamples, ...validationExamples]);
  const trained = await prepareParameters(folder, options);
  const trainableElements = trained.parameters.reduce((sum, { data }) => sum + data.length, 0);
  const model = createLanguageModel(runtime, {
    spec: {
      config: folder.config,
      weights: folder.weights,
      trainable: trained.adapter ? new Map() : new Map(trained.parameters.map(({ name, dims }) => [name, dims])),
      adapter: trained.adapter ? adapterModules(trained.adapter, folder.config) : [],
    },
    parameters: trained.parameters,
    dropout: trained.adapter?.dropout ?? 0,
    threads: options.threads,
  });
  const { batch, maxLength } = options.rows;
  return {
    folder,
    model,
    report,
    trainExamples,
    validationExamples,
    trainableElements,
    estimate: estimateTraining(folder.config, { batch, length: maxLength, trainableElements }, folder.weightBytes),
    run: async (hooks) => {
      const store = await openRunStore({
        directory: options.out,
        config: await describeRun(runtime, folder, options),
        resume: options.resume,
      });
      try {
        const result = await runTraining({ options, model, trainExamples, validationExamples, store, folder }, hooks);
        if (result.status === 'interrupted') return { ...result, output: null };
        return { ...result, output: await writeOutput(folder, options.out, trained) };
      } finally {
        await store.close();
      }
    },
  };
}

interface Trained {
  readonly parameters: readonly Parameter[];
  readonly adapter: AdapterConfig | undefined;
}

async function prepareParameters(folder: ModelFolder, { method, train: { seed } }: FineTuneOptions): Promise<Trained> {
  if (method.kind === 'full') return { parameters: await readAllWeights(folder), adapter: undefined };
  if (method.kind === 'continue') {
    const { config, parameters } = await readAdapter(method.adapterFolder, folder.config);
    return { parameters, adapter: config };
  }
  const modules = adapterModules(method.adapter, folder.config);
  return { parameters: createAdapterParameters(modules, folder.config, seed), adapter: method.adapter };
}

interface Run {
  readonly options: FineTuneOptions;
  readonly model: LanguageModel;
  readonly trainExamples: readonly TokenizedExample[];
  readonly validationExamples: readonly TokenizedExample[];
  readonly store: RunStore;
  readonly folder: ModelFolder;
}

async function runTraining(
  { options, model, trainExamples, validationExamples, store, folder }: Run,
  hooks: { onEvent: (event: TrainEvent) => void; signal?: AbortSignal },
): Promise<TrainResult> {
  const { batch, maxLength: length, packing } = options.rows;
  const { seed } = options.train;
  const stopScan = new AbortController();
  // Beside the first step: opening a large model need not wait for a read of all its bytes.
  const scan = scanWeights(folder, stopScan.signal).then(
    () => undefined,
    (error: unknown) => (stopScan.signal.aborted ? undefined : error),
  );
  const assertScanned = async () => {
    const error = await scan;
    if (error) throw error;
  };
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
        await assertScanned();
        await store.saveCheckpoint(checkpoint);
      },
      async onEvent(event) {
        if (event.type === 'step' && event.step === 1) await assertScanned();
        await store.recordEvent(event);
        hooks.onEvent(event);
      },
      now: () => performance.now(),
      yieldControl: yieldToEventLoop,
      ...(hooks.signal && { signal: hooks.signal }),
    });
  } catch (error) {
    // A weight that is NaN also makes the loss NaN; its name says more.
    await assertScanned();
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

/** Everything that decides the run's numbers. */
async function describeRun(runtime: Runtime, folder: ModelFolder, options: FineTuneOptions) {
  const { method, rows, threads, validation } = options;
  const digests = (files: readonly string[]) => Promise.all(files.map(digestOfFile));
  return {
    version: 'run/1',
    runtime: `${runtime.name} ${onnxRuntimeVersion}`,
    threads,
    model: await describeModel(folder),
    method:
      method.kind === 'lora'
        ? { kind: method.kind, adapter: { ...method.adapter, layers: method.adapter.layers ?? null, baseModel: null } }
        : method,
    data: await digests(options.data),
    format: options.format ?? null,
    validation: 'files' in validation ? { files: await digests(validation.files) } : validation,
    rows,
    train: options.train,
  };
}

/** The configuration's digest, and the place and size of every weight: enough to notice another model. */
async function describeModel({ path, weights }: ModelFolder) {
  const config = createHash('sha256').update(await readFile(join(path, 'config.json')));
  const places = createHash('sha256');
  for (const { name, source } of weights.values()) {
    if (!ArrayBuffer.isView(source)) places.update(`${name} ${source.offset} ${source.length}\n`);
  }
  return { config: digestFromHash(config.digest()), weights: digestFromHash(places.digest()) };
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return digestFromHash(hash.digest());
}

/** An id beyond the embedding would be read from foreign memory or fail deep inside the runtime. */
function assertVocabularyFits({ config, path }: ModelFolder, examples: readonly TokenizedExample[]): void {
  for (const { ids } of examples) {
    for (const id of ids) {
      if (id < config.vocabularySize) continue;
      throw new BaseError(
        'engine/vocabulary-mismatch',
        `The tokenizer in ${path} gives the id ${id}, but the model has ${config.vocabularySize} tokens.`,
        {
          hints: ['Use the tokenizer that belongs to the model.'],
        },
      );
    }
  }
}
