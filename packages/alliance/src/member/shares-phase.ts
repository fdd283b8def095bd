import { checkKeyring, shareSecrets, thresholdsOf } from '@skein/privacy';
import { cohortNeeded, corruptMembers, survivorsNeeded } from '../coordinator/quorums.ts';
import { orderAddresses } from '../member-set.ts';
import { messagesRoot } from '../signing/messages-root.ts';
import { keyringOf, sharesBodyOf } from '../messages/privacy-bodies.ts';
import { shownMessages } from './shown-messages.ts';
import { isSameSet, notice, refuse, say, type Turn } from './turn.ts';

/** Checks the keys that the hub shows and shares the own secrets among their owners. */
export async function sharesPhase(turn: Turn): Promise<void> {
  const { input } = turn;
  const { view, plan, self, domain } = input;
  const { privacy } = turn.state;
  if (view.keyed === null) return;
  if (privacy === null || !view.keyed.includes(self)) {
    return notice(turn, 'member/left-out', 'My keys came too late; I take no part in this round.');
  }
  const keyed = orderAddresses(view.keyed);
  if (turn.state.keyed !== null && !isSameSet(turn.state.keyed, keyed)) {
    const evidence = { before: turn.state.keyed, now: keyed };
    return refuse(turn, 'member/changed-list', 'The hub changed the list of members with keys.', evidence);
  }
  const members = input.chain.members.length;
  const needed = cohortNeeded(plan, members);
  if (keyed.length < needed) {
    const sentence = `The hub goes on with ${keyed.length} of ${members} members; a round of this plan needs ${needed}.`;
    return refuse(turn, 'member/cohort-too-small', sentence, { keyed });
  }
  const stranger = keyed.find((address) => !input.chain.members.some((member) => member.address === address));
  if (stranger !== undefined) {
    return refuse(turn, 'member/stranger', `The hub lists ${stranger}, who is no member of this round.`, { keyed });
  }
  const messages = await shownMessages(turn, 'round/keys/1', keyed);
  if (messages === undefined) return;
  const keyring = keyringOf(messages);
  const [fault] = checkKeyring(input.crypto, keyring);
  if (fault !== undefined) return refuse(turn, `member/${fault.kind}`, fault.message, messages);
  const thresholds = thresholdsOf(keyed.length, {
    corrupt: corruptMembers(plan, members, keyed.length),
    minSurvivors: survivorsNeeded(plan, members),
  });
  const shared = await shareSecrets(input.crypto, privacy, { keyring, thresholds });
  const keysRoot = turn.state.keysRoot ?? messagesRoot(domain, messages);
  turn.state = { ...turn.state, privacy: shared, keyed, keysRoot };
  const message = shared.shared?.message;
  if (message !== undefined) say(turn, 'round/shares/1', 0, () => sharesBodyOf(message, keysRoot));
}
