import type { Digest } from '@skein/core';
import { type IndexedMember, memberSetOf } from './member-set.ts';
import type { BodyOf } from './message.ts';
import type { Address } from './units.ts';

/** The body of `round/survivors/1` for lists of addresses. @throws RangeError if somebody is no member */
export function survivorsBodyOf(
  members: readonly IndexedMember[],
  set: { readonly cohort: readonly Address[]; readonly survivors: readonly Address[]; readonly uploadsRoot: Digest },
): BodyOf<'round/survivors/1'> {
  return {
    cohort: memberSetOf(set.cohort, members),
    survivors: memberSetOf(set.survivors, members),
    uploadsRoot: set.uploadsRoot,
  };
}
