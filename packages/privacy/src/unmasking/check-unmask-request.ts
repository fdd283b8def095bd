import type { Digest } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import type { PrivacyFault } from '../fault.ts';
import { orderMembers } from '../graph.ts';
import { isSameContext, type RoundContext } from '../round-context.ts';
import type { Keyring } from '../secrets/round-secrets.ts';
import { survivorStatement, type UnmaskRequest, uploadStatement, type VerifyStatement } from './survivor-set.ts';
import type { Thresholds } from './thresholds.ts';

/** Why a member doesn't unmask. */
export type UnmaskRefusal = PrivacyFault<
  | 'wrong-round'
  | 'alive-and-dead'
  | 'listed-twice'
  | 'unknown-member'
  | 'split-view'
  | 'not-a-survivor'
  | 'too-few-survivors'
  | 'unsigned-upload'
  | 'no-quorum'
  | 'second-request'
>;

/** What a member knows when it is asked. */
export interface UnmaskView {
  readonly context: RoundContext;
  readonly self: string;
  readonly keyring: Keyring;
  readonly thresholds: Thresholds;
  /** Those against whom one's own upload was masked. */
  readonly sharers: readonly string[];
  /** Root of one's own upload. */
  readonly root: Digest;
  /** The request of this attempt that was answered already, from the stored state. */
  readonly answered?: UnmaskRequest | undefined;
  readonly verify: VerifyStatement;
}

/** The request is good, or the refusal with its evidence. */
export type UnmaskCheck =
  | { readonly ok: true; readonly statement: Digest; readonly survivors: string[]; readonly dropouts: string[] }
  | { readonly ok: false; readonly refusal: UnmaskRefusal };

/**
 * The rules by which a member answers a request to unmask: never for somebody both alive and dead, only about one
 * survivor set that a quorum signed, at least `minSurvivors`, once per attempt (the same request again is answered again).
 */
export function checkUnmaskRequest(crypto: AggregationCrypto, view: UnmaskView, request: UnmaskRequest): UnmaskCheck {
  const refuse = (kind: UnmaskRefusal['kind'], message: string): UnmaskCheck => ({
    ok: false,
    refusal: { kind, message, evidence: kind === 'second-request' ? [view.answered, request] : request },
  });
  const survivors = orderMembers(Object.keys(request.survivors));
  const dropouts = orderMembers(request.dropouts);
  const problem = checkLists(view, request, survivors, dropouts) ?? checkSignatures(crypto, view, request, survivors);
  if (problem !== undefined) return refuse(...problem);
  const statement = statementOf(crypto, view, request);
  if (view.answered !== undefined && statementOf(crypto, view, view.answered) !== statement) {
    return refuse('second-request', `Another survivor set of this attempt was answered already.`);
  }
  return { ok: true, statement, survivors, dropouts };
}

type Problem = [UnmaskRefusal['kind'], string] | undefined;

function checkLists(view: UnmaskView, request: UnmaskRequest, survivors: string[], dropouts: string[]): Problem {
  const { alliance, round, attempt } = request.context;
  if (!isSameContext(view.context, request.context)) {
    return ['wrong-round', `The request is for round ${round}, attempt ${attempt} of ${alliance}.`];
  }
  const both = dropouts.filter((id) => Object.hasOwn(request.survivors, id));
  if (both.length > 0) return ['alive-and-dead', `Both survivor and dropout: ${both.join(', ')}.`];
  if (dropouts.length !== request.dropouts.length) return ['listed-twice', 'A dropout is listed twice.'];
  const stranger = [...survivors, ...dropouts, ...request.sharers].find((id) => !Object.hasOwn(view.keyring, id));
  if (stranger !== undefined) return ['unknown-member', `${stranger} is not in the cohort.`];
  const sharers = orderMembers(view.sharers).join('\n');
  if (
    orderMembers(request.sharers).join('\n') !== sharers ||
    orderMembers([...survivors, ...dropouts]).join('\n') !== sharers
  ) {
    return ['split-view', 'The request is about other members than those against whom the upload was masked.'];
  }
  const own = request.survivors[view.self];
  if (own === undefined) return ['not-a-survivor', `${view.self} is not among the survivors.`];
  if (own.root !== view.root) return ['split-view', `The request names another upload of ${view.self}.`];
  if (survivors.length < view.thresholds.minSurvivors) {
    return ['too-few-survivors', `${survivors.length} survivors are below ${view.thresholds.minSurvivors}.`];
  }
  return undefined;
}

function checkSignatures(
  crypto: AggregationCrypto,
  view: UnmaskView,
  request: UnmaskRequest,
  survivors: string[],
): Problem {
  const { context, keyring, thresholds, verify } = view;
  const { sharers } = request;
  const unsigned = survivors.find((self) => {
    const { root, signature } = request.survivors[self]!;
    return !verify(self, uploadStatement(crypto, { context, keyring, sharers, self, root }), signature);
  });
  if (unsigned !== undefined) {
    return ['unsigned-upload', `${unsigned} did not sign this upload against these keys and sharers.`];
  }
  const statement = statementOf(crypto, view, request);
  const signers = survivors.filter((id) => {
    const signature = request.signatures[id];
    return signature !== undefined && verify(id, statement, signature);
  });
  const needed = Math.max(thresholds.quorum, thresholds.everySurvivorSigns ? survivors.length : 0);
  if (signers.length < needed) return ['no-quorum', `${signers.length} survivors signed the set, ${needed} have to.`];
  return undefined;
}

function statementOf(crypto: AggregationCrypto, view: UnmaskView, request: UnmaskRequest): Digest {
  const { context, sharers, survivors } = request;
  const roots = Object.fromEntries(Object.entries(survivors).map(([id, { root }]) => [id, root]));
  return survivorStatement(crypto, { context, keyring: view.keyring, sharers, roots });
}
