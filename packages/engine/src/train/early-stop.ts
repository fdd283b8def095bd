/** Stops a run whose validation loss has not fallen by more than `minDelta` (nats per token) for `patience` evaluations. */
export interface EarlyStop {
  /** Evaluations in a row, from 1. */
  readonly patience: number;
  /** From 0. */
  readonly minDelta: number;
}

export interface Evaluation {
  readonly step: number;
  /** Mean nll per token, in nats. */
  readonly loss: number;
}

/** What the run remembers of its evaluations; part of a checkpoint. */
export interface EvaluationHistory {
  readonly last: Evaluation | null;
  readonly best: Evaluation | null;
  /** Evaluations in a row without a gain of more than `minDelta`. */
  readonly withoutGain: number;
}

export const noEvaluations: EvaluationHistory = { last: null, best: null, withoutGain: 0 };

/**
 * The history after one more evaluation. Any lower loss is the new best; only one lower by more than `minDelta` resets
 * the count, so a run that creeps down still stops.
 * Source: `EarlyStoppingCallback` of Hugging Face transformers.
 */
export function afterEvaluation(
  history: EvaluationHistory,
  evaluation: Evaluation,
  minDelta: number,
): EvaluationHistory {
  const { best } = history;
  const gained = best === null || evaluation.loss < best.loss - minDelta;
  return {
    last: evaluation,
    best: best === null || evaluation.loss < best.loss ? evaluation : best,
    withoutGain: gained ? 0 : history.withoutGain + 1,
  };
}

/** Whether patience is used up. */
export function shouldStop(history: EvaluationHistory, earlyStop: EarlyStop | null): boolean {
  return earlyStop !== null && history.withoutGain >= earlyStop.patience;
}
