export type ScheduleKind = 'constant' | 'linear' | 'cosine';

/** How long the learning rate climbs: a number of steps, or a fraction of all steps (rounded up). */
export type Warmup = { readonly steps: number } | { readonly ratio: number };

export interface Schedule {
  readonly kind: ScheduleKind;
  readonly peakLearningRate: number;
  readonly totalSteps: number;
  readonly warmup: Warmup;
}

/** Steps of the climb. @throws RangeError where they are negative or a ratio lies outside [0, 1]. */
export function warmupSteps(warmup: Warmup, totalSteps: number): number {
  if ('ratio' in warmup) {
    if (!(warmup.ratio >= 0 && warmup.ratio <= 1)) {
      throw new RangeError(`Warm-up ratio must lie in [0, 1], got ${warmup.ratio}`);
    }
    return Math.ceil(totalSteps * warmup.ratio);
  }
  if (!Number.isInteger(warmup.steps) || warmup.steps < 0) {
    throw new RangeError(`Warm-up steps must be an integer from 0, got ${warmup.steps}`);
  }
  return warmup.steps;
}

/**
 * The learning rate of the update that follows `stepsDone` finished updates: a straight climb from 0 during the
 * warm-up, then constant, a straight line to 0, or half a cosine to 0. The first update of a warm-up has rate 0.
 * Source: `get_{constant,linear,cosine}_schedule_with_warmup` of Hugging Face transformers.
 */
export function learningRateAt(schedule: Schedule, stepsDone: number): number {
  const { kind, peakLearningRate, totalSteps } = schedule;
  const climb = warmupSteps(schedule.warmup, totalSteps);
  if (stepsDone < climb) return peakLearningRate * (stepsDone / Math.max(1, climb));
  const progress = (stepsDone - climb) / Math.max(1, totalSteps - climb);
  switch (kind) {
    case 'constant':
      return peakLearningRate;
    case 'linear':
      return peakLearningRate * Math.max(0, 1 - progress);
    case 'cosine':
      return peakLearningRate * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
  }
}
