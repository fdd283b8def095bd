import { BaseError } from '@skein/core';
import { contentHash } from './content-hash.ts';
import { groupByContent } from './group-by-content.ts';
import type { TokenizedExample } from './tokenized-example.ts';

export interface Split {
  readonly train: readonly TokenizedExample[];
  readonly validation: readonly TokenizedExample[];
}

/**
 * Sets a fraction of the examples aside, those whose content has the smallest hashes. Examples with the same tokens
 * stay on one side, and neither their order nor their files matter. Both parts keep the order given.
 * @param fraction in (0, 1); the number set aside is the nearest to it, and at least one.
 * @param seed an integer; another one sets others aside.
 * @throws RangeError for a fraction outside (0, 1); BaseError `engine/data-too-small` where nothing would be left to
 *   train on.
 */
export function splitValidation(examples: readonly TokenizedExample[], fraction: number, seed: number): Split {
  if (!(fraction > 0 && fraction < 1)) throw new RangeError(`fraction must be between 0 and 1, not ${fraction}`);
  const wanted = Math.max(1, Math.round(fraction * examples.length));
  const groups = groupByContent(examples)
    .map((group) => ({ group, hash: contentHash((group[0] as TokenizedExample).ids, seed) }))
    .sort((a, b) => a.hash - b.hash);

  const aside = new Set<TokenizedExample>();
  for (const { group } of groups) {
    if (aside.size >= wanted) break;
    for (const example of group) aside.add(example);
  }
  if (aside.size === examples.length) {
    const message = `${examples.length} examples (${groups.length} different) can't be split: none would be left to train on.`;
    throw new BaseError('engine/data-too-small', message, {
      info: { examples: examples.length, different: groups.length, fraction },
      hints: ['Give more examples, a smaller fraction, or a validation file of its own.'],
    });
  }
  return {
    train: examples.filter((example) => !aside.has(example)),
    validation: examples.filter((example) => aside.has(example)),
  };
}
