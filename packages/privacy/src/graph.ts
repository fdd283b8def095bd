import { compareCodePoints } from '@skein/core';

/** The members in the order that everybody uses: by code points, each once. */
export function orderMembers(ids: Iterable<string>): string[] {
  return [...new Set(ids)].sort(compareCodePoints);
}

/**
 * With whom a member shares secrets and masks: everybody else, up to 64 members. A sparser graph for larger cohorts
 * (Bell et al. 2020) only has to replace this function.
 */
export function neighbours(cohort: Iterable<string>, self: string): string[] {
  return orderMembers(cohort).filter((id) => id !== self);
}

/** The neighbours that are still there: the graph is always that of the whole cohort, whoever left meanwhile. */
export function neighboursAmong(cohort: Iterable<string>, self: string, present: Iterable<string>): string[] {
  const there = new Set(present);
  return neighbours(cohort, self).filter((id) => there.has(id));
}
