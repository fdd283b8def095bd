import { join } from 'node:path';
import { BaseError } from '@skein/core';
import { type PrepareReport, prepareExamples } from '../data/prepare-examples.ts';
import { splitValidation } from '../data/split-validation.ts';
import type { TokenizedExample } from '../data/tokenized-example.ts';
import { type AdapterConfig, adapterModules, unusedPattern } from '../lora/adapter-config.ts';
import { createAdapterParameters } from '../lora/adapter-parameters.ts';
import type { Parameter } from '../train/differentiable-model.ts';
import type { TrainEvent } from '../train/train-event.ts';
import type { TrainResult } from '../train/trainer.ts';
import { readAdapter, writeAdapter } from './adapter-folder.ts';
import { assertVocabularyFits } from './assert-vocabulary-fits.ts';
import { readDataFiles } from './data-files.ts';
import type { FineTuneOptions } from './fine-tune-options.ts';
import { loadVocabulary } from './load-vocabulary.ts';
import { type ModelFolder, openModelFolder } from './model-folder.ts';
import { readAllWeights } from './model-weights.ts';
import { assertRunDirectory } from './run-store.ts';
import { writeModelFolder } from './write-model-folder.ts';

/** What every trainer starts from: examples as tokens, and parameters with their first values. */
export interface FineTuneInputs {
  readonly folder: ModelFolder;
  readonly trained: Trained;
  readonly report: PrepareReport;
  readonly trainExamples: readonly TokenizedExample[];
  readonly validationExamples: readonly TokenizedExample[];
  readonly trainableElements: number;
}

/** A run that is ready to start: its data are read and its parameters made. */
export interface PreparedRun extends Omit<FineTuneInputs, 'trained'> {
  /**
   * Trains and writes the result.
   * @returns the trainer's result and the folder with the adapter or model, or null where the run was interrupted.
   */
  run(hooks: {
    onEvent: (event: TrainEvent) => void;
    signal?: AbortSignal;
  }): Promise<TrainResult & { output: string | null }>;
}

/** The arrays that are trained, an adapter's or every weight. */
export interface Trained {
  readonly parameters: readonly Parameter[];
  readonly adapter: AdapterConfig | undefined;
}

/** @throws BaseError for every kind of bad input, before anything is written. */
export async function readFineTuneInputs(options: FineTuneOptions): Promise<FineTuneInputs> {
  assertRunDirectory({ directory: options.out, resume: options.resume });
  const folder = await openModelFolder(options.model);
  const examples = await readExamples(options);
  const { trainExamples, validationExamples } = examples;
  for (const { ids } of [...trainExamples, ...validationExamples]) assertVocabularyFits(folder, ids);
  const trained = await prepareParameters(folder, options);
  const trainableElements = trained.parameters.reduce((sum, { data }) => sum + data.length, 0);
  return { folder, trained, ...examples, trainableElements };
}

async function readExamples(
  options: FineTuneOptions,
): Promise<Pick<FineTuneInputs, 'trainExamples' | 'validationExamples' | 'report'>> {
  const { model, data, format, rows, validation } = options;
  const vocabulary = await loadVocabulary(model);
  const prepare = (files: readonly string[]) =>
    prepareExamples(readDataFiles(files, format ? { format } : {}), {
      ...vocabulary,
      maxLength: rows.maxLength,
      overlong: rows.overlong,
    });
  const { examples, report } = await prepare(data);
  if ('fraction' in validation) {
    const split = splitValidation(examples, validation.fraction, options.train.seed);
    return { trainExamples: split.train, validationExamples: split.validation, report };
  }
  const held = validation.files.length === 0 ? [] : (await prepare(validation.files)).examples;
  return { trainExamples: examples, validationExamples: held, report };
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

/** Writes the parameters as they are, as `adapter/` or `model/` of the run directory. @returns the folder. */
export async function writeTrained(folder: ModelFolder, out: string, trained: Trained): Promise<string> {
  const { parameters, adapter } = trained;
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
