import type { MicroBatch } from './differentiable-model.ts';
import { dropoutSeed } from './dropout-seed.ts';
import { nonFiniteError } from './non-finite-error.ts';

export interface WindowTotals {
  /** Mean nll over the window's labelled tokens, in nats. */
  readonly loss: number;
  /** Tokens without padding. */
  readonly tokens: number;
  readonly labelledTokens: number;
}

/** As of `Optimizer`. */
type Accumulate = (batch: MicroBatch, lossWeight: number, randomSeed: number) => Promise<{ readonly lossSum: number }>;

/**
 * Accumulates the gradient of the mean loss over a whole window. Every micro-batch is weighed
 * by the labelled tokens of the window, not by its own: otherwise tokens of short micro-batches would count more, and
 * the result would depend on how the window was cut.
 * @throws BaseError `train/non-finite` where a micro-batch's loss is.
 */
export async function windowGradients(
  accumulate: Accumulate,
  job: { readonly window: readonly MicroBatch[]; readonly step: number; readonly seed: number },
): Promise<WindowTotals> {
  const labelledTokens = job.window.reduce((sum, batch) => sum + batch.targetCount, 0);
  let lossSum = 0;
  let tokens = 0;
  for (const [index, batch] of job.window.entries()) {
    const randomSeed = dropoutSeed(job.seed, job.step, index);
    const result = await accumulate(batch, 1 / labelledTokens, randomSeed);
    if (!Number.isFinite(result.lossSum)) {
      throw nonFiniteError(`The loss of micro-batch ${index + 1} of ${job.window.length}`, { step: job.step });
    }
    lossSum += result.lossSum;
    tokens += countTokens(batch);
  }
  return { loss: lossSum / labelledTokens, tokens, labelledTokens };
}

function countTokens({ segments }: MicroBatch): number {
  let tokens = 0;
  for (const segment of segments) if (segment !== 0) tokens++;
  return tokens;
}
