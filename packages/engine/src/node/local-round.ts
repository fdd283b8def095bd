import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFromHash, digestOfUpdateManifest, type Update, unflattenUpdate } from '@skein/core';
import { z } from 'zod';
import type { Vocabulary } from '../data/label-chat.ts';
import { type Packing, toMicroBatches } from '../data/micro-batches.ts';
import { type OverlongPolicy, prepareExamples } from '../data/prepare-examples.ts';
import { splitValidation } from '../data/split-validation.ts';
import type { TokenizedExample } from '../data/tokenized-example.ts';
import type { LanguageModel } from '../models/language-model.ts';
import type { TrainConfig } from '../train/train-config.ts';
import type { TrainEvent } from '../train/train-event.ts';
import type { TrainStretch } from '../train/train-options.ts';
import { train } from '../train/trainer.ts';
import { assertVocabularyFits } from './assert-vocabulary-fits.ts';
import { readDataFiles } from './data-files.ts';
import { digestOfFile } from './digest-of-file.ts';
import type { ModelFolder } from './model-folder.ts';
import { onnxRuntimeVersion } from './onnx-runtime-version.ts';
import { metricsName, openRunStore, runExists, type RunStore } from './run-store.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** A member's own data in two: a share to evaluate on, which is drawn from the seed, and the rest to train on. */
export interface DataSplit {
  /** Above 0, below 1. */
  readonly fraction: number;
  readonly seed: number;
}

export interface LocalRoundOptions {
  /** The round's own run directory: made if it is not there, gone on with if it is. The caller removes it. */
  readonly directory: string;
  readonly data: readonly string[];
  /** Leaves out what `evaluate` measures with the same split. */
  readonly split?: DataSplit;
  /** The global parameters that the round starts from. */
  readonly parameters: Update;
  /** Local steps of this round. */
  readonly steps: number;
  /**
   * Where the round stands in the whole training (round · steps of rounds · steps): learning rate and data go on
   * there.
   */
  readonly stretch: TrainStretch;
  readonly rows: {
    readonly batch: number;
    readonly maxLength: number;
    readonly packing: Packing;
    readonly overlong: OverlongPolicy;
  };
  readonly train: Omit<TrainConfig, 'maxSteps' | 'epochs' | 'evaluateEvery' | 'earlyStop'>;
  /** FedProx's mu; 0 without it. */
  readonly proximalMu: number;
  /** Steps between checkpoints; null saves only at the end and when interrupted. Changes no result. */
  readonly checkpointEvery: number | null;
  readonly onEvent?: (event: TrainEvent) => void;
  readonly signal?: AbortSignal;
}

export interface LocalRoundResult {
  /** The trained parameters (not their change), an array of their own. */
  readonly parameters: Update;
  /** Examples trained on. */
  readonly examples: number;
  /** Tokens trained on in this round, without padding; a token seen twice counts twice. */
  readonly tokens: number;
  /** Those of them that counted in the loss. */
  readonly labelledTokens: number;
  /** Mean loss over the labelled tokens of the round, each before the update of its step. */
  readonly lossNatsPerToken: number;
}

/** A model that is open with its trainable part, and what names it in a run's configuration. */
export interface OpenedModel {
  readonly folder: ModelFolder;
  readonly model: LanguageModel;
  readonly vocabulary: Vocabulary;
  readonly asUpdate: () => Update;
  readonly identity: Readonly<Record<string, string | number>>;
}

/** Trains a model that holds the round's global parameters. */
export async function runLocalRound(opened: OpenedModel, options: LocalRoundOptions): Promise<LocalRoundResult> {
  options.signal?.throwIfAborted();
  const examples = await readExamples(opened, options);
  const config = await describeRound(opened, options);
  const store = await openRunStore({ directory: options.directory, config, resume: runExists(options.directory) });
  try {
    const result = await trainInStore(opened, options, { examples, store });
    if (result.status === 'interrupted') options.signal?.throwIfAborted();
  } finally {
    await store.close();
  }
  return { parameters: opened.asUpdate(), examples: examples.length, ...(await readTotals(options.directory)) };
}

async function readExamples({ folder, vocabulary }: OpenedModel, { data, rows, split }: LocalRoundOptions) {
  const { maxLength, overlong } = rows;
  const { examples } = await prepareExamples(readDataFiles(data), { ...vocabulary, maxLength, overlong });
  for (const { ids } of examples) assertVocabularyFits(folder, ids);
  return split ? splitValidation(examples, split.fraction, split.seed).train : examples;
}

/** Everything that decides the round's numbers. */
async function describeRound({ identity }: OpenedModel, options: LocalRoundOptions) {
  const { parameters, split, steps, stretch, rows, train: config, proximalMu } = options;
  const { buffer, byteOffset, byteLength } = parameters.values;
  return {
    version: 'round/1',
    ...identity,
    onnxRuntime: onnxRuntimeVersion,
    manifest: digestOfUpdateManifest(parameters.manifest),
    parameters: digestFromHash(
      createHash('sha256')
        .update(new Uint8Array(buffer, byteOffset, byteLength))
        .digest(),
    ),
    data: await Promise.all(options.data.map(digestOfFile)),
    split: split ?? null,
    steps,
    stretch,
    rows,
    train: config,
    proximalMu,
  };
}

function trainInStore(
  { model }: OpenedModel,
  options: LocalRoundOptions,
  { examples, store }: { readonly examples: readonly TokenizedExample[]; readonly store: RunStore },
) {
  const { rows, steps, stretch, proximalMu, signal } = options;
  const { batch, maxLength: length, packing } = rows;
  const { seed } = options.train;
  return train({
    model,
    config: { ...options.train, maxSteps: steps, epochs: null, evaluateEvery: null, earlyStop: null },
    configDigest: store.configDigest,
    batchesOfEpoch: (epoch) => toMicroBatches(examples, { batch, length, packing, shuffle: { seed, epoch } }),
    stretch,
    ...(proximalMu > 0 && { proximal: { mu: proximalMu, center: centerOf(model, options.parameters) } }),
    checkpoint: store.checkpoint,
    checkpointEvery: options.checkpointEvery,
    saveCheckpoint: (checkpoint) => store.saveCheckpoint(checkpoint),
    async onEvent(event) {
      await store.recordEvent(event);
      options.onEvent?.(event);
    },
    now: () => performance.now(),
    yieldControl: yieldToEventLoop,
    ...(signal && { signal }),
  });
}

/** The global parameters in the model's order; not the model's own arrays, which a resumed run has moved on. */
function centerOf({ parameters }: LanguageModel, global: Update): Float32Array[] {
  const tensors = new Map(unflattenUpdate(global).map(({ name, data }) => [name, data]));
  return parameters.map(({ name }) => tensors.get(name) ?? new Float32Array(0));
}

const stepSchema = z.looseObject({ loss: z.number(), tokens: z.int(), labelledTokens: z.int() });

/** From the metrics on disk, which are the same however often the run was killed. */
async function readTotals(directory: string) {
  const lines = (await readFile(join(directory, metricsName), 'utf8')).trimEnd().split('\n');
  let tokens = 0;
  let labelledTokens = 0;
  let nllSum = 0;
  for (const line of lines) {
    const step = stepSchema.parse(JSON.parse(line));
    tokens += step.tokens;
    labelledTokens += step.labelledTokens;
    nllSum += step.loss * step.labelledTokens;
  }
  return { tokens, labelledTokens, lossNatsPerToken: nllSum / labelledTokens };
}
