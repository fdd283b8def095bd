import type { Message, MessageKind, MessageOf } from '../message.ts';
import { bodyDigest } from '../signing/message-hash.ts';
import { verifyMessage, type MessageVerifier } from '../signing/verify-message.ts';
import type { SigningDomain } from '../signing/message-hash.ts';
import type { Address } from '../units.ts';

/** What the hub showed of a round, checked. */
export interface RoundMessages {
  /** The message of a sender; undefined where the hub has shown none. */
  of<Kind extends MessageKind>(kind: Kind, attempt: number, sender: Address): MessageOf<Kind> | undefined;
  /** The messages of all these senders, in their order; undefined while one is missing. */
  all<Kind extends MessageKind>(
    kind: Kind,
    attempt: number,
    senders: readonly Address[],
  ): MessageOf<Kind>[] | undefined;
  /** Those messages that are there. */
  some<Kind extends MessageKind>(kind: Kind, attempt: number, senders: readonly Address[]): MessageOf<Kind>[];
  /** Messages that nobody signed or that belong elsewhere: an honest hub shows none. */
  readonly forged: { readonly value: unknown; readonly sentence: string } | undefined;
  /** Two different messages of one sender in one place. */
  readonly equivocation: readonly [Message, Message] | undefined;
}

/** Where messages have to belong to. */
export interface MessagePlace {
  readonly domain: SigningDomain;
  readonly alliance: string;
  readonly round: number;
  readonly verify?: MessageVerifier | undefined;
}

/** Checks every message that the hub showed. Signatures cost about a millisecond each. */
export function readRoundMessages(values: readonly unknown[], place: MessagePlace): RoundMessages {
  const { domain, alliance, round } = place;
  const verify = place.verify ?? ((value, expected) => verifyMessage(domain, value, expected));
  const bySlot = new Map<string, Message>();
  let forged: RoundMessages['forged'];
  let equivocation: RoundMessages['equivocation'];
  for (const value of values) {
    const verified = verify(value, { alliance, round });
    if (!verified.ok) {
      forged ??= { value, sentence: verified.sentence };
      continue;
    }
    const { message } = verified;
    const slot = slotOf(message.kind, message.attempt, message.sender);
    const earlier = bySlot.get(slot);
    if (earlier === undefined) bySlot.set(slot, message);
    else if (bodyDigest(earlier) !== bodyDigest(message)) equivocation ??= [earlier, message];
  }
  const of = <Kind extends MessageKind>(kind: Kind, attempt: number, sender: Address) =>
    bySlot.get(slotOf(kind, attempt, sender)) as MessageOf<Kind> | undefined;
  const some = <Kind extends MessageKind>(kind: Kind, attempt: number, senders: readonly Address[]) =>
    senders.map((sender) => of(kind, attempt, sender)).filter((message) => message !== undefined);
  return {
    of,
    some,
    all(kind, attempt, senders) {
      const found = some(kind, attempt, senders);
      return found.length === senders.length ? found : undefined;
    },
    forged,
    equivocation,
  };
}

function slotOf(kind: MessageKind, attempt: number, sender: Address): string {
  return `${kind} ${attempt} ${sender}`;
}
