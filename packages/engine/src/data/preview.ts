import type { DataExample } from './data-format.ts';
import type { DataSource } from './data-row.ts';
import { findLeaks, type Leak } from './find-leaks.ts';
import { groupByContent } from './group-by-content.ts';
import type { Vocabulary } from './label-chat.ts';
import { type TokenPiece, tokenPieces } from './token-pieces.ts';
import { countedTokens } from './tokenized-example.ts';
import { tokenizeExample } from './tokenize-example.ts';

export interface PreviewOptions extends Vocabulary {
  /** How many examples to show token by token, from the first on. */
  readonly show: number;
  /** Examples of an evaluation file, to look for leaks into it. */
  readonly evaluation?: readonly DataExample[];
}

export interface ShownExample {
  readonly source: DataSource;
  readonly tokens: readonly TokenPiece[];
}

/** Lengths of examples, in tokens. `median` and `p95` are lengths that occur (nearest rank). */
export interface LengthDistribution {
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** What a model would learn from a data set; plain JSON. */
export interface DataPreview {
  readonly examples: number;
  readonly tokens: number;
  readonly countedTokens: number;
  readonly lengths: LengthDistribution;
  /** The places of each content that occurs more than once. */
  readonly duplicates: readonly (readonly DataSource[])[];
  /** Null where no evaluation was given to compare with. */
  readonly leaks: readonly Leak[] | null;
  readonly shown: readonly ShownExample[];
}

/**
 * Looks at a data set as training would, without a limit of length.
 * @throws RangeError where there is no example; BaseError as `tokenizeExample`.
 */
export function previewData(examples: readonly DataExample[], options: PreviewOptions): DataPreview {
  const tokenized = examples.map((example) => tokenizeExample(example, options));
  const lengths = tokenized.map((example) => example.ids.length);
  const repeated = groupByContent(tokenized).filter((group) => group.length > 1);
  return {
    examples: examples.length,
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    countedTokens: tokenized.reduce((sum, example) => sum + countedTokens(example), 0),
    lengths: distributionOf(lengths),
    duplicates: repeated.map((group) => group.map((example) => example.source)),
    leaks: options.evaluation === undefined ? null : findLeaks(examples, options.evaluation),
    shown: tokenized
      .slice(0, options.show)
      .map((example) => ({ source: example.source, tokens: tokenPieces(options.tokenizer, example) })),
  };
}

function distributionOf(lengths: readonly number[]): LengthDistribution {
  const sorted = [...lengths].sort((a, b) => a - b);
  const atRank = (share: number): number => {
    const length = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    if (length === undefined) throw new RangeError('there is no example to look at');
    return length;
  };
  return { min: atRank(0), median: atRank(0.5), p95: atRank(0.95), max: atRank(1) };
}
