import { createLanguageModel, type LanguageModel, type Vocabulary } from '@skein/engine';
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
    const bits = choice.weights === 'auto' ? weightBitsFor(runtime, folder) : choice.weights;
    let bar: Progress | undefined;
    const stacks = await openGenerationWeights(runtime, folder, bits, {
      threads,
      signal,
      onProgress(done, total) {
        bar ??= terminal.progress({ label: `weights in ${bits}`, unit: 'stacks', total });
        bar.update(done);
      },
    }).finally(() => bar?.end());
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
