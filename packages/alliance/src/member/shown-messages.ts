import { orderAddresses } from '../member-set.ts';
import type { Message, MessageKind, MessageOf } from '../message.ts';
import type { Address } from '../units.ts';
import type { SeenLog } from './member-input.ts';
import { saidBody } from './member-state.ts';
import { isSameBody, refuse, type Turn } from './turn.ts';

/**
 * The messages that the hub's list of senders promises, all of them in the log, the own one exactly as it was sent.
 * Undefined while something is missing, which may be the network, and where the hub is caught; then `turn` refuses.
 */
export async function shownMessages<Kind extends MessageKind>(
  turn: Turn,
  kind: Kind,
  senders: readonly Address[],
): Promise<MessageOf<Kind>[] | undefined> {
  const { input, messages, state } = turn;
  const all = messages.all(kind, 0, orderAddresses(senders));
  if (all === undefined) return undefined;
  const own: Message | undefined = messages.of(kind, 0, input.self);
  if (own !== undefined && !isSameBody(own.body, saidBody(state, kind, 0))) {
    refuse(turn, 'member/altered-message', `The hub shows a ${kind} message of mine that I didn't send.`, own);
    return undefined;
  }
  for (const message of all as readonly Message[]) {
    if (await input.log.includes(message)) continue;
    const sentence = `The hub shows the ${kind} message of ${message.sender}, but its log lacks it.`;
    refuse(turn, 'member/not-in-log', sentence, message);
    return undefined;
  }
  return (await agreesWithLog(turn, all)) ? all : undefined;
}

/** Members say which state of the log they saw: a hub that keeps two logs shows itself by that. */
async function agreesWithLog(turn: Turn, all: readonly Message[]): Promise<boolean> {
  const { log } = turn.input;
  for (const message of all) {
    const seen = (message.body as { readonly log?: SeenLog }).log;
    if (seen === undefined || (await log.agrees(seen))) continue;
    const sentence = `${message.sender} has seen another log of this hub than I have.`;
    refuse(turn, 'member/split-log', sentence, { message, seen: log.seen });
    return false;
  }
  return true;
}
