import { replyToUnmask, survivorStatement, type UnmaskRequest, uploadStatement } from '@skein/privacy';
import { orderAddresses } from '../member-set.ts';
import { unmaskBodyOf } from '../messages/privacy-bodies.ts';
import { type SurvivorSetInView, survivorSet } from './survivors-phase.ts';
import { isSameBody, refuse, say, type Turn } from './turn.ts';

/** Opens shares, once in a round, for the one survivor set that a quorum signed. */
export async function unmaskPhase(turn: Turn): Promise<void> {
  const { view, self, crypto } = turn.input;
  const { privacy, survivors: signed } = turn.state;
  if (view.survivors === null || privacy?.received === undefined || signed === null) return;
  if (!view.survivors.includes(self)) return;
  const set = await survivorSet(turn, orderAddresses(view.survivors));
  if (set === undefined) return;
  if (!isSameBody(set.body, signed)) {
    const sentence = 'The hub asks me to unmask another survivor set than I signed.';
    return refuse(turn, 'member/second-survivor-set', sentence, { signed, asked: set.body });
  }
  const { request, verify } = unmaskRequest(turn, set);
  const reply = replyToUnmask(crypto, privacy, request, verify);
  if (!reply.ok) {
    // Signatures still on their way are no fault of anybody.
    if (reply.refusal.kind === 'no-quorum') return;
    return refuse(turn, `member/${reply.refusal.kind}`, reply.refusal.message, reply.refusal.evidence);
  }
  turn.state = { ...turn.state, privacy: reply.state };
  say(turn, 'round/unmask/1', 0, () => unmaskBodyOf(reply.answer));
}

/**
 * The request in the words of `@skein/privacy`. There members sign statements; here they sign messages that bind the same
 * things: an upload message the keys and shares that its sender saw (through its roots), a survivors message the uploads.
 * So a statement counts as signed where its sender's verified message says the same.
 */
function unmaskRequest(turn: Turn, set: SurvivorSetInView) {
  const { input, messages, state } = turn;
  const { crypto, view, alliance } = input;
  const context = { alliance, round: state.round, attempt: 0 };
  const keyring = state.privacy?.shared?.keyring ?? {};
  const sharers = [...set.cohort];
  const roots = Object.fromEntries(set.uploads.map(({ sender, body }) => [sender, body.root]));
  const signed = new Set<string>();
  for (const { sender, body } of set.uploads) {
    signed.add(`${sender} ${uploadStatement(crypto, { context, keyring, sharers, self: sender, root: body.root })}`);
  }
  const statement = survivorStatement(crypto, { context, keyring, sharers, roots });
  const signers = messages
    .some('round/survivors/1', view.attempt, set.survivors)
    .filter(({ body }) => isSameBody(body, set.body));
  for (const { sender } of signers) signed.add(`${sender} ${statement}`);
  const request: UnmaskRequest = {
    context,
    sharers,
    survivors: Object.fromEntries(
      set.uploads.map(({ sender, body, signature }) => [sender, { root: body.root, signature }]),
    ),
    dropouts: set.cohort.filter((address) => !set.survivors.includes(address)),
    signatures: Object.fromEntries(signers.map(({ sender, signature }) => [sender, signature])),
  };
  return { request, verify: (signer: string, wanted: string) => signed.has(`${signer} ${wanted}`) };
}
