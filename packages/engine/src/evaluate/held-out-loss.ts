import { BaseError } from '@skein/core';
import { toMicroBatches } from '../data/micro-batches.ts';
import type { TokenizedExample } from '../data/tokenized-example.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { DifferentiableModel } from '../train/differentiable-model.ts';
import { bitsPerByte, countedTextBytes } from './bits-per-byte.ts';

export interface EvaluationHooks {
  /** Called with how many of all examples are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HeldOutLoss {
  readonly examples: number;
  readonly countedTokens: number;
  /** UTF-8 bytes of the counted tokens' text. */
  readonly countedBytes: number;
  /** Σ −ln p over the counted tokens, in nats. */
  readonly nllSum: number;
  /** `nllSum` per counted token. */
  readonly loss: number;
  /** Over the corpus: of sums, not a mean of examples. Null where no text is counted. */
  readonly bitsPerByte: number | null;
}

/**
 * Measures the model on examples with dropout off. Examples of similar length share a batch, so that a run needs few
 * shapes; every counted token weighs the same.
 * @throws BaseError `engine/loss-not-finite`; RangeError where nothing is counted.
 */
export async function heldOutLoss(
  model: Pick<DifferentiableModel, 'loss'>,
  { examples, tokenizer, batch }: { examples: readonly TokenizedExample[]; tokenizer: Tokenizer; batch: number },
  { onProgress, signal }: EvaluationHooks = {},
): Promise<HeldOutLoss> {
  const sorted = examples.toSorted((a, b) => a.ids.length - b.ids.length);
  const length = sorted.at(-1)?.ids.length ?? 0;
  let nllSum = 0;
  let countedTokens = 0;
  let done = 0;
  for (const rows of toMicroBatches(sorted, { batch, length, packing: 'none', shuffle: null })) {
    signal?.throwIfAborted();
    nllSum += (await model.loss(rows)).lossSum;
    countedTokens += rows.targetCount;
    done += rows.batch;
    onProgress?.(done);
  }
  if (countedTokens === 0) throw new RangeError('no token of the examples is counted');
  if (!Number.isFinite(nllSum)) {
    throw new BaseError('engine/loss-not-finite', 'The loss is not a finite number.', {
      hints: ['Look for damaged weights with "skein model inspect DIR --scan".'],
    });
  }
  const countedBytes = examples.reduce((sum, example) => sum + countedTextBytes(tokenizer, example), 0);
  return {
    examples: examples.length,
    countedTokens,
    countedBytes,
    nllSum,
    loss: nllSum / countedTokens,
    bitsPerByte: bitsPerByte(nllSum, countedBytes),
  };
}
