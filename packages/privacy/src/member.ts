import type { Digest } from '@skein/core';
import { challengeDigest } from './checking/challenge.ts';
import type { CheckPlan } from './checking/check-scalars.ts';
import type { AggregationCrypto } from './crypto-port.ts';
import type { PrivacyFault } from './fault.ts';
import type { MemberState } from './member-state.ts';
import type { RoundContext } from './round-context.ts';
import { createShares, type MemberView } from './secrets/create-shares.ts';
import { openShares, type SharesBySender, sharersOf } from './secrets/open-shares.ts';
import { createRoundSecrets, type Keyring, publicKeysOf } from './secrets/round-secrets.ts';
import { checkUnmaskRequest, type UnmaskRefusal } from './unmasking/check-unmask-request.ts';
import { survivorStatement, type UnmaskRequest, type VerifyStatement } from './unmasking/survivor-set.ts';
import type { Thresholds } from './unmasking/thresholds.ts';
import { answerUnmask, type UnmaskAnswer } from './unmasking/unmask-answer.ts';

/** Draws the secrets of an attempt; `publicKeys` of the state goes into the signed message `round/keys/1`. */
export function startMember(crypto: AggregationCrypto, context: RoundContext, self: string): MemberState {
  const secrets = createRoundSecrets(crypto);
  return { context, self, secrets, publicKeys: publicKeysOf(crypto, context, self, secrets) };
}

/** Shares the secrets among the cohort; `shared.message` of the new state is to be sent. Called again, it changes nothing. */
export async function shareSecrets(
  crypto: AggregationCrypto,
  state: MemberState,
  { keyring, thresholds }: { readonly keyring: Keyring; readonly thresholds: Thresholds },
): Promise<MemberState> {
  if (state.shared !== undefined) return state;
  const message = await createShares(crypto, { ...state, keyring }, thresholds.shares);
  return { ...state, shared: { keyring, thresholds, message } };
}

/** Takes in everybody's shares. From here on `received.sharers` are fixed; called again, it changes nothing. */
export function receiveShares(
  crypto: AggregationCrypto,
  state: MemberState,
  messages: SharesBySender,
): { readonly state: MemberState; readonly faults: readonly PrivacyFault[] } {
  if (state.received !== undefined) return { state, faults: [] };
  const view = memberView(state);
  const { opened, faults } = openShares(crypto, view, messages);
  return { state: { ...state, received: { sharers: sharersOf(view.keyring, messages), opened } }, faults };
}

/** Notes the root of the upload made by `maskedUpload`. @throws RangeError for another root than noted before. */
export function recordUpload(state: MemberState, root: Digest): MemberState {
  if (state.uploadRoot !== undefined && state.uploadRoot !== root) {
    throw new RangeError(`An attempt has one upload: ${state.uploadRoot} was noted, got ${root}`);
  }
  return { ...state, uploadRoot: root };
}

/** Either the state to store and then the answer to send, or why there is none. */
export type UnmaskReply =
  | { readonly ok: true; readonly state: MemberState; readonly statement: Digest; readonly answer: UnmaskAnswer }
  | { readonly ok: false; readonly refusal: UnmaskRefusal };

/** Answers a request to unmask, once per attempt; the same request again gets the same answer. */
export function replyToUnmask(
  crypto: AggregationCrypto,
  state: MemberState,
  request: UnmaskRequest,
  verify: VerifyStatement,
): UnmaskReply {
  const { shared, received, uploadRoot } = state;
  if (shared === undefined || received === undefined || uploadRoot === undefined) {
    throw new RangeError(`${state.self} has not uploaded in this attempt`);
  }
  const { context, self, answered } = state;
  const { keyring, thresholds } = shared;
  const { sharers, opened } = received;
  const view = { context, self, keyring, thresholds, sharers, root: uploadRoot, answered, verify };
  const check = checkUnmaskRequest(crypto, view, request);
  if (!check.ok) return check;
  const answer = answerUnmask(opened, check);
  return { ok: true, state: { ...state, answered: answered ?? request }, statement: check.statement, answer };
}

/**
 * The challenge that a posted sum is checked by, and among whom: always the survivors of the one request that was
 * answered. In a list made up for the occasion all others could work for the server, and know the masks on one's answer.
 * Undefined before `replyToUnmask`.
 */
export function checkPlanOf(crypto: AggregationCrypto, state: MemberState, sumRoot: Digest): CheckPlan | undefined {
  const { context, shared, answered } = state;
  if (shared === undefined || answered === undefined) return undefined;
  const roots = Object.fromEntries(Object.entries(answered.survivors).map(([id, { root }]) => [id, root]));
  const { sharers } = answered;
  const statement = survivorStatement(crypto, { context, keyring: shared.keyring, sharers, roots });
  return { challenge: challengeDigest(crypto, { context, statement, sumRoot }), survivors: Object.keys(roots) };
}

/** What masks and checks need of a state. @throws RangeError before `shareSecrets`. */
export function memberView(state: MemberState): MemberView {
  if (state.shared === undefined) throw new RangeError(`${state.self} has not shared its secrets yet`);
  const { context, self, secrets } = state;
  return { context, self, secrets, keyring: state.shared.keyring };
}
