import { orderAddresses } from '../member-set.ts';
import type { Address } from '../units.ts';

/** The aggregators in the order of their turns: another begins in each round and attempt. */
export function rotationOf(aggregators: readonly Address[], round: number, attempt: number): Address[] {
  const ordered = orderAddresses(aggregators);
  const first = ordered.length === 0 ? 0 : (round + attempt) % ordered.length;
  return [...ordered.slice(first), ...ordered.slice(0, first)];
}

/** Where a round's sum phase stands. */
export interface SumPhase {
  readonly startedAt: number;
  /** `phases.sum` of the plan. */
  readonly lengthSeconds: number;
  readonly now: number;
}

/**
 * Whose turn it is to add up: the phase is divided among all aggregators, and after the last one the first may try
 * again, until the chain's deadline ends it.
 * @param rotation of `rotationOf`
 */
export function aggregatorAt(rotation: readonly Address[], phase: SumPhase): Address | null {
  if (rotation.length === 0) return null;
  const windowSeconds = Math.max(1, Math.floor(phase.lengthSeconds / rotation.length));
  const turn = Math.max(0, Math.floor((phase.now - phase.startedAt) / windowSeconds));
  return rotation[turn % rotation.length] ?? null;
}
