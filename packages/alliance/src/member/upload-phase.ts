import { memberView, receiveShares, recordUpload, sumBits } from '@skein/privacy';
import { cohortNeeded } from '../coordinator/quorums.ts';
import { orderAddresses } from '../member-set.ts';
import { messagesRoot } from '../signing/messages-root.ts';
import { quantiserOf } from '../quantiser-of.ts';
import type { UploadJob } from './member-input.ts';
import { sharesBySender } from '../messages/privacy-bodies.ts';
import { shownMessages } from './shown-messages.ts';
import { isSameSet, notice, refuse, say, type Turn } from './turn.ts';

/** Takes in the shares, trains, and uploads the update under the masks of the cohort. */
export async function uploadPhase(turn: Turn): Promise<void> {
  const { input } = turn;
  if (input.plan.aggregation.kind === 'secure' && !(await takeShares(turn))) return;
  const { view, outcomes } = input;
  if (outcomes.trained !== true) {
    turn.effects.push({ kind: 'train', model: view.model, modelBytes: view.modelBytes });
    return;
  }
  const upload = turn.state.upload ?? outcomes.upload;
  if (upload === undefined) {
    const job = uploadJobOf(turn);
    if (job !== undefined) turn.effects.push({ kind: 'make-upload', job });
    return;
  }
  if (turn.state.upload === null) {
    const privacy = turn.state.privacy && recordUpload(turn.state.privacy, upload.root);
    turn.state = { ...turn.state, upload: { ...upload }, privacy };
  }
  const { cohort, sharesRoot } = turn.state;
  say(turn, 'round/upload/1', 0, () => ({
    cohort: cohort ?? [],
    shares: sharesRoot,
    ...upload,
    log: { ...input.log.seen },
  }));
  turn.effects.push({ kind: 'send-blob', root: upload.root });
}

/** Fixes the cohort. @returns whether an upload can follow. */
async function takeShares(turn: Turn): Promise<boolean> {
  const { input } = turn;
  const { privacy, keyed, keysRoot } = turn.state;
  const { view, plan, domain } = input;
  if (view.cohort === null) return false;
  if (privacy?.shared === undefined || keyed === null || !view.cohort.includes(input.self)) {
    notice(turn, 'member/left-out', 'My shares came too late; I take no part in this round.');
    return false;
  }
  const cohort = orderAddresses(view.cohort);
  if (turn.state.cohort !== null) {
    if (isSameSet(turn.state.cohort, cohort)) return true;
    refuse(turn, 'member/changed-list', 'The hub changed the cohort.', { before: turn.state.cohort, now: cohort });
    return false;
  }
  const needed = cohortNeeded(plan, input.chain.members.length);
  if (cohort.length < needed || cohort.some((address) => !keyed.includes(address))) {
    const sentence = `The hub's cohort of ${cohort.length} is below the ${needed} that are needed or holds members without keys.`;
    refuse(turn, 'member/cohort-too-small', sentence, { keyed, cohort });
    return false;
  }
  const messages = await shownMessages(turn, 'round/shares/1', cohort);
  if (messages === undefined) return false;
  const other = messages.find(({ body }) => body.keys !== keysRoot);
  if (other !== undefined) {
    const sentence = `${other.sender} was shown other keys than I was.`;
    refuse(turn, 'member/split-view', sentence, { message: other, keysRoot });
    return false;
  }
  const received = receiveShares(input.crypto, privacy, sharesBySender(messages));
  for (const fault of received.faults) notice(turn, `member/${fault.kind}`, fault.message);
  if (!isSameSet((received.state.received?.sharers ?? []) as typeof cohort, cohort)) {
    refuse(turn, 'member/incomplete-shares', 'The hub counts members whose shares are incomplete.', { cohort });
    return false;
  }
  turn.state = { ...turn.state, privacy: received.state, cohort, sharesRoot: messagesRoot(domain, messages) };
  return true;
}

/** What the node needs to make the upload's bytes; undefined before the cohort is fixed. */
export function uploadJobOf({ input, state }: Pick<Turn, 'input' | 'state'>): UploadJob | undefined {
  const { plan } = input;
  if (plan.aggregation.kind === 'clear') return { kind: 'clear' };
  if (state.privacy?.shared === undefined || state.cohort === null) return undefined;
  return {
    kind: 'secure',
    view: memberView(state.privacy),
    quantiser: quantiserOf(plan.aggregation),
    input: { seed: state.quantiserSeed, ...(input.examples === undefined ? {} : { examples: input.examples }) },
    masks: { sharers: state.cohort, bits: sumBits(state.cohort.length) },
  };
}
