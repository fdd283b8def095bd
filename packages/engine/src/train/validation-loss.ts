import type { DifferentiableModel, MicroBatch } from './differentiable-model.ts';

export interface ValidationLoss {
  /** Mean nll per labelled token over all micro-batches, in nats; may be NaN or infinite. */
  readonly loss: number;
  readonly labelledTokens: number;
}

/**
 * Measures the model on validation data with dropout off; every labelled token weighs the same, whatever its batch.
 * @returns null where `signal` was aborted before the last micro-batch.
 * @throws RangeError where no token is labelled.
 */
export async function validationLoss(
  model: DifferentiableModel,
  batches: readonly MicroBatch[],
  signal?: AbortSignal,
): Promise<ValidationLoss | null> {
  let lossSum = 0;
  let labelledTokens = 0;
  for (const batch of batches) {
    if (signal?.aborted) return null;
    lossSum += (await model.loss(batch)).lossSum;
    labelledTokens += batch.targetCount;
  }
  if (labelledTokens === 0) throw new RangeError('The validation data has no labelled token');
  return { loss: lossSum / labelledTokens, labelledTokens };
}
