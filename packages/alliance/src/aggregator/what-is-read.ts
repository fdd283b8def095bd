import type { Plan } from '../plan.ts';

/** Cohorts up to this size replay every sum. */
export const REPLAY_ALWAYS_UP_TO = 5;

/**
 * Whether anybody reads the bytes of a posted sum: those who check it by products. Who replays computes them, and
 * compares roots.
 */
export function isSumRead({ aggregation }: Plan, cohortSize: number): boolean {
  return aggregation.kind === 'secure' && cohortSize > REPLAY_ALWAYS_UP_TO;
}

/** Whether all who vote compute the model themselves, so that nobody has to read it first. */
export function isModelComputedByAll({ aggregation }: Plan, cohortSize: number): boolean {
  return aggregation.kind === 'secure' && cohortSize <= REPLAY_ALWAYS_UP_TO;
}
