import type { Address } from '@skein/alliance';
import type { Digest } from '@skein/core';

/** One thing that was looked at. `null`: it could not be checked, and `detail` says why; that is no proof of anything. */
export interface Check {
  readonly name: string;
  readonly ok: boolean | null;
  readonly detail: string;
}

/** The chain of evidence of one closed round. */
export interface RoundReport {
  readonly round: number;
  readonly attempt: number;
  /** What the contract says came of it. */
  readonly status: 'accepted' | 'kept' | 'failed';
  readonly openedAt: number;
  readonly members: readonly Address[];
  readonly cohort: readonly Address[];
  readonly survivors: readonly Address[];
  readonly aggregator: Address | null;
  readonly baseModel: Digest;
  readonly candidate: { readonly uploadsRoot: Digest; readonly sum: Digest; readonly model: Digest } | null;
  readonly replayed: { readonly sum: Digest; readonly model: Digest } | null;
  readonly votes: readonly { readonly evaluator: Address; readonly lossChangeMicroNats: number }[];
  readonly messages: number;
  readonly checks: readonly Check[];
  /** No check failed. */
  readonly ok: boolean;
}
