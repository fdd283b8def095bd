import type { MemoryUse, TrainingEstimate } from './estimate.ts';

/** How a run's use of memory is chosen: given, or by what is available. */
export type MemoryRule = MemoryUse | 'auto';

export const MEMORY_RULES = ['fast', 'low', 'auto'] as const satisfies readonly MemoryRule[];

/** What a run uses, and why; plain JSON. */
export interface MemoryChoice {
  readonly memory: MemoryUse;
  readonly reason: 'asked for' | 'as the run began' | 'everything fits' | 'everything does not fit' | 'nothing fits';
  /** What the choice needs. */
  readonly estimate: TrainingEstimate;
  /** What keeping every activation needs. */
  readonly fast: TrainingEstimate;
  /** Memory that the machine, or the group of processes, has left. */
  readonly availableBytes: number;
}

/**
 * `auto` keeps every activation where that fits into the memory that is left, mapped weights included, since a step
 * that has to read them from the disk again takes many times as long.
 * @param before what an earlier part of the same run used, which is then not chosen anew
 */
export function chooseMemory(
  rule: MemoryRule,
  estimates: Readonly<Record<MemoryUse, TrainingEstimate>>,
  { availableBytes, before }: { readonly availableBytes: number; readonly before?: MemoryUse | undefined },
): MemoryChoice {
  const chosen = (memory: MemoryUse, reason: MemoryChoice['reason']): MemoryChoice => ({
    memory,
    reason,
    estimate: estimates[memory],
    fast: estimates.fast,
    availableBytes,
  });
  const fits = (memory: MemoryUse) =>
    estimates[memory].anonymousBytes + estimates[memory].mappedBytes <= availableBytes;
  if (rule !== 'auto') return chosen(rule, 'asked for');
  if (before) return chosen(before, 'as the run began');
  if (fits('fast')) return chosen('fast', 'everything fits');
  return chosen('low', fits('low') ? 'everything does not fit' : 'nothing fits');
}
