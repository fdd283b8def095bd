import { BaseError } from '@skein/core';
import { createLanguageModel, type LanguageModel, type Runtime, type Vocabulary } from '@skein/engine';
import {
  assertVocabularyFits,
  createWorkerRuntime,
  loadVocabulary,
  type ModelFolder,
  openGenerationWeights,
  openModelFolder,
  readAdapter,
  readStopIds,
  type WeightBits,
  weightBitsFor,
} from '@skein/engine/node';
import type { CommandContext } from './command.ts';
import type { Progress } from './progress.ts';
import { threadsOf } from './shared-options.ts';
import type { Terminal } from './terminal.ts';

export interface ModelChoice {
  readonly model: string;
  readonly adapter: string | undefined;
  readonly device: 'cpu' | 'webgpu';
  readonly threads: number | undefined;
  readonly weights: WeightBits | 'auto';
}

/** A model that is ready to answer. */
export interface OpenModel {
  readonly folder: ModelFolder;
  readonly vocabulary: Vocabulary;
  readonly model: LanguageModel;
  /** Tokens that end an answer. */
  readonly stopIds: ReadonlySet<number>;
  /** @throws BaseError `engine/vocabulary-mismatch` for ids that the model has no embedding for. */
  readonly assertFits: (ids: Iterable<number>) => void;
  /** Goes on with another adapter, by its folder, or with none. */
  readonly useAdapter: (path: string | null) => Promise<void>;
}

interface WeightsRequest {
  readonly folder: ModelFolder;
  readonly choice: ModelChoice;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Weights in few bits. Where they weren't asked for and can't be kept, the model goes on without. */
async function openWeights(runtime: Runtime, { folder, choice, terminal, signal }: WeightsRequest) {
  const bits = choice.weights === 'auto' ? weightBitsFor(runtime, folder) : choice.weights;
  let bar: Progress | undefined;
  const onProgress = (done: number, total: number) => {
    bar ??= terminal.progress({ label: `weights in ${bits}`, unit: 'stacks', total });
    bar.update(done);
  };
  try {
    return await openGenerationWeights(runtime, folder, bits, { threads: threadsOf(choice), signal, onProgress });
  } catch (error) {
    const isDisk = error instanceof BaseError && ['engine/not-writable', 'engine/disk-full'].includes(error.code);
    if (choice.weights !== 'auto' || !isDisk) throw error;
    bar?.end();
    terminal.say(`${error.message} Going on in fp32.`);
    return undefined;
  } finally {
    bar?.end();
  }
}

/** Opens a model for the time of `use`; the runtime is closed behind it, whatever happens. */
export async function withModel<T>(
  choice: ModelChoice,
  { terminal, signal }: Pick<CommandContext, 'terminal' | 'signal'>,
  use: (open: OpenModel) => Promise<T>,
): Promise<T> {
  const folder = await openModelFolder(choice.model);
  const vocabulary = await loadVocabulary(choice.model);
  const adapter = choice.adapter === undefined ? null : await readAdapter(choice.adapter, folder);
  const stopIds = await readStopIds(folder, vocabulary.tokenizer);
  const runtime = createWorkerRuntime(choice.device);
  try {
    const threads = threadsOf(choice);
    const stacks = await openWeights(runtime, { folder, choice, terminal, signal });
    const model = createLanguageModel(runtime, {
      spec: {
        config: folder.config,
        weights: folder.weights,
        trainable: new Map(),
        adapter: adapter?.modules ?? [],
      },
      parameters: adapter?.parameters ?? [],
      threads,
      ...(stacks && { stacks }),
    });
    const assertFits = (ids: Iterable<number>) => assertVocabularyFits(folder, ids);
    const useAdapter = async (path: string | null) =>
      model.decoder.useAdapter(path === null ? null : await readAdapter(path, folder));
    return await use({ folder, vocabulary, model, stopIds, assertFits, useAdapter });
  } finally {
    await runtime.close();
  }
}
