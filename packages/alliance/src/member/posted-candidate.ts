import type { Candidate } from '../chain-round.ts';
import { addressesOf } from '../member-set.ts';
import type { Address } from '../units.ts';
import type { Turn } from './turn.ts';

/** A candidate with its sets as lists. */
export interface PostedCandidate {
  readonly candidate: Candidate;
  readonly cohort: readonly Address[];
  readonly survivors: readonly Address[];
}

/** The candidate on the chain, if there is one that hub and chain agree on. */
export function postedCandidate({ input }: Turn): PostedCandidate | undefined {
  const { chain, view } = input;
  if (chain.status !== 'voting' || chain.candidate === null || chain.attempt !== view.attempt) return undefined;
  const cohort = addressesOf(chain.candidate.cohort, chain.members);
  const survivors = addressesOf(chain.candidate.survivors, chain.members);
  return cohort && survivors && { candidate: chain.candidate, cohort, survivors };
}

/** `wrong`: sum or model don't follow from the uploads. */
export type CandidateCheck = 'pending' | 'right' | 'wrong';
