import { BaseError } from '@skein/core';
import type { ModelFolder } from './model-folder.ts';

/**
 * Refuses ids beyond the embedding: they would be read from foreign memory, or fail deep inside the runtime.
 * @throws BaseError `engine/vocabulary-mismatch`.
 */
export function assertVocabularyFits({ config, path }: ModelFolder, ids: Iterable<number>): void {
  for (const id of ids) {
    if (id < config.vocabularySize) continue;
    throw new BaseError(
      'engine/vocabulary-mismatch',
      `The tokenizer in ${path} gives the id ${id}, but the model has ${config.vocabularySize} tokens.`,
      {
        info: { path, id, vocabularySize: config.vocabularySize },
        hints: ['Use the tokenizer that belongs to the model.'],
      },
    );
  }
}
