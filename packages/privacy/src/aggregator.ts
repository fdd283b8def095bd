import type { Digest } from '@skein/core';
import type { AggregationCrypto } from './crypto-port.ts';
import { packBits } from './encoding/pack.ts';
import { orderMembers } from './graph.ts';
import { uploadRoot } from './masking/upload-root.ts';
import type { RoundContext } from './round-context.ts';
import { type SharesBySender, sharersOf } from './secrets/open-shares.ts';
import type { Keyring } from './secrets/round-secrets.ts';
import { type OpenedSecrets, type RecoveryFault, recoverSecrets } from './unmasking/recover-secrets.ts';
import { dropoutsOf, type SumSource, sumUploads, type UploadFault } from './unmasking/sum-uploads.ts';
import { survivorStatement, type UnmaskRequest } from './unmasking/survivor-set.ts';
import type { Thresholds } from './unmasking/thresholds.ts';
import type { UnmaskAnswer } from './unmasking/unmask-answer.ts';

/**
 * An aggregator in one attempt of a round, as plain JSON. All of it stands in the log, so that another aggregator can
 * take over; it holds no secret.
 */
export interface AggregatorState {
  readonly context: RoundContext;
  readonly keyring: Keyring;
  readonly thresholds: Thresholds;
  /** Coordinates of an upload. */
  readonly length: number;
  /** `sumBits` of the cohort. */
  readonly bits: number;
  /** From `closeShares` on. */
  readonly shared?: { readonly messages: SharesBySender; readonly sharers: readonly string[] };
  /** The survivors' signed roots, from `closeUploads` on. */
  readonly survivors?: UnmaskRequest['survivors'];
}

/** Ends the phase of shares: who sent complete ones is masked against. */
export function closeShares(state: AggregatorState, messages: SharesBySender): AggregatorState {
  return { ...state, shared: { messages, sharers: sharersOf(state.keyring, messages) } };
}

/** Ends the phase of uploads. @param uploads of sharers, whose signatures of `uploadStatement` the caller has checked */
export function closeUploads(state: AggregatorState, uploads: UnmaskRequest['survivors']): AggregatorState {
  const { sharers } = sharesOf(state);
  const survivors = Object.fromEntries(Object.entries(uploads).filter(([id]) => sharers.includes(id)));
  return { ...state, survivors };
}

/** What the survivors are to sign. */
export function survivorStatementOf(crypto: AggregationCrypto, state: AggregatorState): Digest {
  const { context, keyring } = state;
  return survivorStatement(crypto, { context, keyring, sharers: sharesOf(state).sharers, roots: rootsOf(state) });
}

/** The request to the survivors, with their signatures of the statement. */
export function unmaskRequestOf(state: AggregatorState, signatures: UnmaskRequest['signatures']): UnmaskRequest {
  const { context, survivors = {} } = state;
  const sharers = [...sharesOf(state).sharers];
  return { context, sharers, survivors, dropouts: dropoutsOf({ sharers, roots: rootsOf(state) }), signatures };
}

/** The sum with what is posted beside it; faults tell of members whose answers were wrong, even where the sum succeeded. */
export type Aggregate =
  | {
      readonly ok: true;
      readonly sum: Uint32Array;
      readonly packed: Uint8Array;
      readonly sumRoot: Digest;
      readonly opened: OpenedSecrets;
      readonly faults: readonly RecoveryFault[];
    }
  | { readonly ok: false; readonly faults: readonly (RecoveryFault | UploadFault)[] };

/** Recovers the secrets from the answers and computes the sum. */
export async function aggregate(
  crypto: AggregationCrypto,
  state: AggregatorState,
  answers: Readonly<Record<string, UnmaskAnswer>>,
  source: SumSource,
): Promise<Aggregate> {
  const { messages: shares, sharers } = sharesOf(state);
  const roots = rootsOf(state);
  const survivors = orderMembers(Object.keys(roots));
  const dropouts = dropoutsOf({ sharers, roots });
  const threshold = state.thresholds.shares;
  const recovery = await recoverSecrets(crypto, { ...state, shares, threshold, survivors, dropouts, answers });
  const { opened, faults } = recovery;
  if (opened === undefined) return { ok: false, faults };
  const result = await sumUploads(crypto, { ...state, sharers, roots, opened, ...source });
  if (!result.ok) return { ok: false, faults: [...faults, result.fault] };
  const packed = packBits(result.sum, state.bits);
  return { ok: true, sum: result.sum, packed, sumRoot: uploadRoot(crypto, packed), opened, faults };
}

/** Root of each survivor's upload. */
export function rootsOf({ survivors = {} }: Pick<AggregatorState, 'survivors'>): Record<string, Digest> {
  return Object.fromEntries(Object.entries(survivors).map(([id, { root }]) => [id, root]));
}

function sharesOf(state: AggregatorState): NonNullable<AggregatorState['shared']> {
  if (state.shared === undefined) throw new RangeError('The phase of shares has not ended yet');
  return state.shared;
}
