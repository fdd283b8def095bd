import { type AggregationCrypto, commitToShare } from '@skein/privacy';
import type { ChainRound } from '../chain-round.ts';
import { refutationQuorum } from '../coordinator/quorums.ts';
import { addressesOf } from '../member-set.ts';
import type { Message } from '../message.ts';
import { bodyDigest, type SigningDomain } from '../signing/message-hash.ts';
import { verifyMessage } from '../signing/verify-message.ts';
import type { Address } from '../units.ts';
import type { Evidence, EvidenceOf } from './evidence.ts';

/** Who is proved guilty, in a sentence for people; or why the evidence proves nothing. */
export type Verdict =
  | { readonly ok: true; readonly culprit: Address; readonly sentence: string }
  | { readonly ok: false; readonly sentence: string };

/** What a verifier needs besides the evidence. */
export interface EvidenceContext {
  readonly domain: SigningDomain;
  readonly crypto: AggregationCrypto;
  /** The round on the chain, for refuted sums. */
  readonly chain?: ChainRound;
}

/** Checks evidence from anybody, with no trust in whoever brings it. */
export function verifyEvidence(context: EvidenceContext, evidence: Evidence): Verdict {
  switch (evidence.kind) {
    case 'equivocation':
      return verifyEquivocation(context, evidence);
    case 'wrong-opening':
      return verifyWrongOpening(context, evidence);
    case 'refuted-sum':
      return verifyRefutedSum(context, evidence);
  }
}

function verifyEquivocation({ domain }: EvidenceContext, { messages }: EvidenceOf<'equivocation'>): Verdict {
  const [a, b] = messages;
  const unsigned = firstUnsigned(domain, messages);
  if (unsigned !== undefined) return { ok: false, sentence: unsigned };
  if (placeOf(a) !== placeOf(b)) return { ok: false, sentence: 'The two messages belong to different places.' };
  if (bodyDigest(a) === bodyDigest(b)) return { ok: false, sentence: 'The two messages say the same.' };
  const sentence = `${a.sender} signed two different ${a.kind} messages in round ${a.round}, attempt ${a.attempt}.`;
  return { ok: true, culprit: a.sender, sentence };
}

function verifyWrongOpening(
  { domain, crypto }: EvidenceContext,
  { opening, shares, secret }: EvidenceOf<'wrong-opening'>,
): Verdict {
  if (opening.kind !== 'round/unmask/1' || shares.kind !== 'round/shares/1') {
    return { ok: false, sentence: 'The evidence holds messages of other kinds.' };
  }
  const unsigned = firstUnsigned(domain, [opening, shares]);
  if (unsigned !== undefined) return { ok: false, sentence: unsigned };
  if (opening.alliance !== shares.alliance || opening.round !== shares.round) {
    return { ok: false, sentence: 'The two messages belong to different rounds.' };
  }
  const { sender: dealer } = shares;
  const { sender: recipient } = opening;
  const opened = opening.body[secret === 'selfSeed' ? 'selfSeeds' : 'maskSecrets'][dealer];
  const committed = shares.body.commitments[recipient]?.[secret];
  if (opened === undefined || committed === undefined) return { ok: false, sentence: 'There is no such share.' };
  const { alliance, round } = shares;
  const name = { dealer, recipient, kind: secret };
  const actual = commitToShare(crypto, { alliance, round, attempt: 0 }, name, opened.slice(2));
  if (`0x${actual}` === committed) return { ok: false, sentence: 'The opened share is the one committed to.' };
  const sentence = `${recipient} opened another share of ${dealer} in round ${round} than the one committed to.`;
  return { ok: true, culprit: recipient, sentence };
}

function verifyRefutedSum({ domain, chain }: EvidenceContext, { replays }: EvidenceOf<'refuted-sum'>): Verdict {
  const candidate = chain?.candidate;
  const survivors = candidate && addressesOf(candidate.survivors, chain.members);
  if (!candidate || !survivors) return { ok: false, sentence: 'There is no posted sum on the chain.' };
  const unsigned = firstUnsigned(domain, replays);
  if (unsigned !== undefined) return { ok: false, sentence: unsigned };
  const [first] = replays;
  const agreeing = replays.filter(
    (message) =>
      message.kind === 'round/replay/1' &&
      message.round === chain.round &&
      message.attempt === chain.attempt &&
      message.alliance === first?.alliance &&
      message.body.posted === candidate.sum &&
      message.body.replayed !== candidate.sum &&
      bodyDigest(message) === bodyDigest(first) &&
      survivors.includes(message.sender),
  );
  const signers = new Set(agreeing.map(({ sender }) => sender)).size;
  const needed = refutationQuorum(survivors.length);
  if (signers < needed) return { ok: false, sentence: `${signers} survivors refute the sum; ${needed} have to.` };
  const sentence = `${candidate.aggregator} posted a sum in round ${chain.round} that ${signers} survivors' replays refute.`;
  return { ok: true, culprit: candidate.aggregator, sentence };
}

function firstUnsigned(domain: SigningDomain, messages: readonly Message[]): string | undefined {
  for (const message of messages) {
    const verified = verifyMessage(domain, message);
    if (!verified.ok) return verified.sentence;
  }
  return undefined;
}

function placeOf({ alliance, round, attempt, kind, sender }: Message): string {
  return [alliance, round, attempt, kind, sender].join(' ');
}
