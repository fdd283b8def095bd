import type { AggregationCrypto } from '../crypto-port.ts';
import type { PrivacyFault } from '../fault.ts';
import { neighbours, orderMembers } from '../graph.ts';
import {
  commitToShare,
  type MemberView,
  type OpenedShares,
  openSealedShares,
  type SharesMessage,
} from './create-shares.ts';

/** Everybody's messages of the phase, by sender. */
export type SharesBySender = Readonly<Record<string, SharesMessage>>;

/** What a member got out of the others' messages. */
export interface ReceivedShares {
  /** By dealer; without those named in the faults. */
  readonly opened: Readonly<Record<string, OpenedShares>>;
  /** Messages of which one's own part can't be used. Nobody else can see that without the key, so they convict nobody. */
  readonly faults: readonly PrivacyFault<'unreadable-shares' | 'share-commitment-mismatch'>[];
}

/** The members whose message covers exactly the cohort: only they take part in the masks. Anybody can compute it. */
export function sharersOf(keyring: MemberView['keyring'], messages: SharesBySender): string[] {
  const complete = (sender: string, message: SharesMessage) => {
    const expected = orderMembers([sender, ...neighbours(Object.keys(keyring), sender)]).join('\n');
    const covers = (record: object) => orderMembers(Object.keys(record)).join('\n') === expected;
    return covers(message.sealed) && covers(message.commitments);
  };
  return orderMembers(Object.keys(messages)).filter(
    (sender) => Object.hasOwn(keyring, sender) && complete(sender, messages[sender]!),
  );
}

/** Opens one's own shares of all sharers' messages and checks them against the dealers' commitments. */
export function openShares(crypto: AggregationCrypto, view: MemberView, messages: SharesBySender): ReceivedShares {
  const opened: Record<string, OpenedShares> = {};
  const faults: ReceivedShares['faults'][number][] = [];
  for (const dealer of sharersOf(view.keyring, messages)) {
    const message = messages[dealer]!;
    const shares = openSealedShares(crypto, view, dealer, message.sealed[view.self]!);
    if (shares === undefined) {
      faults.push({ kind: 'unreadable-shares', message: `The shares of ${dealer} for ${view.self} can't be opened.` });
      continue;
    }
    const fits = (['selfSeed', 'maskSecret'] as const).every(
      (kind) =>
        commitToShare(crypto, view.context, { dealer, recipient: view.self, kind }, shares[kind]) ===
        message.commitments[view.self]![kind],
    );
    if (fits) opened[dealer] = shares;
    else {
      const sentence = `The shares of ${dealer} for ${view.self} contradict its commitments.`;
      faults.push({ kind: 'share-commitment-mismatch', message: sentence });
    }
  }
  return { opened, faults };
}
