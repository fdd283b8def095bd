import { BaseError } from '@skein/core';
import type { DataExample } from './data-format.ts';
import { placeOf } from './data-row.ts';
import type { Vocabulary } from './label-chat.ts';
import { countedTokens, type TokenizedExample } from './tokenized-example.ts';
import { tokenizeExample } from './tokenize-example.ts';

/** What to do with an example longer than the limit: stop, leave it out, or cut off its end. */
export type OverlongPolicy = 'error' | 'drop' | 'truncate';

export interface PrepareOptions extends Vocabulary {
  /** Longest example, in tokens. */
  readonly maxLength: number;
  readonly overlong: OverlongPolicy;
}

/** What became of the rows; `kept + droppedOverlong + droppedUncounted = read`. */
export interface PrepareReport {
  readonly read: number;
  readonly kept: number;
  readonly truncated: number;
  readonly droppedOverlong: number;
  /** Left out because no token counts in the loss, for instance because truncation cut off the answer. */
  readonly droppedUncounted: number;
  /** Tokens of the kept examples. */
  readonly tokens: number;
  readonly countedTokens: number;
}

export interface PreparedExamples {
  readonly examples: readonly TokenizedExample[];
  readonly report: PrepareReport;
}

/**
 * Encodes all examples and holds them in memory (5 bytes a token), in their order.
 * @throws BaseError `engine/example-too-long` naming the first one, where `overlong` is 'error';
 *   `engine/data-empty` where none was read; `engine/data-nothing-left` where none was kept; those of `tokenizeExample`.
 */
export async function prepareExamples(
  source: AsyncIterable<DataExample> | Iterable<DataExample>,
  options: PrepareOptions,
): Promise<PreparedExamples> {
  if (!Number.isInteger(options.maxLength) || options.maxLength < 2) {
    throw new RangeError(`maxLength must be an integer of at least 2, not ${options.maxLength}`);
  }
  const examples: TokenizedExample[] = [];
  const counts = { read: 0, truncated: 0, droppedOverlong: 0, droppedUncounted: 0, tokens: 0, countedTokens: 0 };
  for await (const raw of source) {
    const whole = tokenizeExample(raw, options);
    const example = fit(whole, options);
    counts.read++;
    if (example === null) {
      counts.droppedOverlong++;
      continue;
    }
    const counted = countedTokens(example);
    if (counted === 0) {
      counts.droppedUncounted++;
      continue;
    }
    if (example !== whole) counts.truncated++;
    counts.tokens += example.ids.length;
    counts.countedTokens += counted;
    examples.push(example);
  }
  assertSomeLeft(examples.length, counts.read);
  return { examples, report: { ...counts, kept: examples.length } };
}

function fit(example: TokenizedExample, { maxLength, overlong }: PrepareOptions): TokenizedExample | null {
  const length = example.ids.length;
  if (length <= maxLength) return example;
  if (overlong === 'drop') return null;
  if (overlong === 'truncate') {
    return { ...example, ids: example.ids.slice(0, maxLength), counted: example.counted.slice(0, maxLength) };
  }
  const message = `${placeOf(example.source)} has ${length} tokens, more than the limit of ${maxLength}.`;
  throw new BaseError('engine/example-too-long', message, {
    info: { ...example.source, length, maxLength },
    hints: ['Raise the limit, shorten the example, or choose --overlong drop or --overlong truncate.'],
  });
}

function assertSomeLeft(kept: number, read: number): void {
  if (kept > 0) return;
  if (read === 0) {
    throw new BaseError('engine/data-empty', 'The data set holds no example.', {
      hints: ['Name at least one data file.'],
    });
  }
  throw new BaseError('engine/data-nothing-left', `None of the ${read} examples can be learnt from within the limit.`, {
    info: { read },
    hints: ['Raise the limit on the length of an example.'],
  });
}
