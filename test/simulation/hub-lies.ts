import {
  type Address,
  type Message,
  type MessageOf,
  messagesRoot,
  type RoundView,
  type Signer,
  type SigningDomain,
  signMessage,
} from '@skein/alliance';
import { digestOfBytes } from '@skein/core';
import type { HubLies } from './hub-model.ts';

/** Who is in a lie. */
export interface LieSetup {
  /** Whose update the hub wants. */
  readonly victim: Address;
  /** Members that work for the hub. */
  readonly corrupt: readonly Signer[];
  readonly members: readonly Address[];
  readonly domain: SigningDomain;
  /** Messages of earlier rounds. */
  readonly earlier: () => readonly Message[];
}

/** One way for a hub to cheat, with the codes under which members may refuse it. */
export interface NamedLie {
  readonly name: string;
  readonly codes: readonly string[];
  make(setup: LieSetup): HubLies;
}

const without = (list: readonly Address[] | null, gone: Address): Address[] | null =>
  list && list.filter((address) => address !== gone);

/** Half of the honest members, the victim not among them: those to whom another story is told. */
function otherHalf({ victim, corrupt, members }: LieSetup): Address[] {
  const honest = members.filter((member) => member !== victim && !corrupt.some(({ address }) => address === member));
  return honest.filter((_, index) => index % 2 === 0);
}

function lieInView(
  codes: readonly string[],
  name: string,
  change: (setup: LieSetup, member: Address, view: RoundView) => RoundView,
): NamedLie {
  return { name, codes, make: (setup) => ({ view: (member, view) => change(setup, member, view) }) };
}

const isPhase = (view: RoundView, ...phases: RoundView['phase'][]) => phases.includes(view.phase);
const random = digestOfBytes(Uint8Array.of(9));

/** The malicious servers of the design, and more. */
export const hubLies: readonly NamedLie[] = [
  lieInView(
    ['member/second-survivor-set', 'member/alive-and-dead'],
    'calls the victim dead once it is to be unmasked',
    ({ victim }, member, view) =>
      isPhase(view, 'unmask') && member !== victim ? { ...view, survivors: without(view.survivors, victim) } : view,
  ),
  lieInView(['member/second-survivor-set'], 'asks twice, with two survivor sets', ({ victim }, member, view) => {
    const isSecondTime = isPhase(view, 'unmask') && view.waitingFor.every((address) => address !== member);
    return isSecondTime && member !== victim ? { ...view, survivors: without(view.survivors, victim) } : view;
  }),
  lieInView(
    ['member/second-survivor-set'],
    'has a second survivor set signed once the first is',
    ({ victim }, member, view) =>
      isPhase(view, 'survivors') && member !== victim && !view.waitingFor.includes(member)
        ? { ...view, survivors: without(view.survivors, victim) }
        : view,
  ),
  {
    name: 'shows two survivor sets to two halves, its allies signing both',
    codes: [],
    make: (setup) => {
      const signed = new Map<string, Message>();
      return {
        view: (member, view) =>
          isPhase(view, 'survivors', 'unmask') && otherHalf(setup).includes(member)
            ? { ...view, survivors: without(view.survivors, setup.victim) }
            : view,
        messages: (member, messages) =>
          otherHalf(setup).includes(member) ? withSecondSets(setup, messages as Message[], signed) : messages,
      };
    },
  },
  lieInView([], 'calls the victim dead to all others from the start', ({ victim }, member, view) =>
    isPhase(view, 'survivors', 'unmask') && member !== victim
      ? { ...view, survivors: without(view.survivors, victim) }
      : view,
  ),
  lieInView(['member/cohort-too-small'], 'leaves the victim alone with its own', ({ victim, corrupt }, member, view) =>
    isPhase(view, 'shares') && member === victim && view.keyed !== null
      ? {
          ...view,
          keyed: view.keyed.filter((address) => address === victim || corrupt.some((one) => one.address === address)),
        }
      : view,
  ),
  {
    name: 'changes the cohort once the members have masked against it',
    codes: ['member/changed-list'],
    make: ({ victim }) => ({
      view: (member, view) => {
        const isLater = isPhase(view, 'upload') && !view.waitingFor.includes(member);
        return isLater && member !== victim ? { ...view, cohort: without(view.cohort, victim) } : view;
      },
    }),
  },
  lieInView(['member/wrong-model-digest'], 'names another model than the chain', (_, __, view) => ({
    ...view,
    model: random,
  })),
  lieInView(['member/other-alliance'], 'answers for another alliance', (_, __, view) => ({ ...view, alliance: '99' })),
  lieInView(['member/other-members'], 'names other members than the chain', ({ victim }, _, view) => ({
    ...view,
    members: view.members.filter(({ address }) => address !== victim),
  })),
  lieInView(['member/stranger', 'member/other-members'], 'adds a member of its own', (_, __, view) => {
    const sybil = `0x${'ab'.repeat(20)}` as Address;
    return isPhase(view, 'shares') && view.keyed !== null ? { ...view, keyed: [...view.keyed, sybil] } : view;
  }),
  {
    name: 'swaps the victim’s keys',
    codes: ['member/forged-message'],
    make: ({ victim }) => ({
      messages: (_, messages) =>
        (messages as Message[]).map((message) =>
          message.kind === 'round/keys/1' && message.sender === victim
            ? { ...message, body: { ...message.body, maskKey: `0x${'42'.repeat(32)}` } }
            : message,
        ),
    }),
  },
  {
    name: 'shows a message of an earlier round again',
    codes: ['member/forged-message'],
    make: ({ victim, earlier }) => ({
      messages: (_, messages) => {
        const old = earlier().find(({ kind, sender }) => kind === 'round/keys/1' && sender === victim);
        const isOther = (message: unknown) =>
          (message as Message).sender !== victim || (message as Message).kind !== 'round/keys/1';
        return old === undefined ? messages : [...messages.filter(isOther), old];
      },
    }),
  },
  {
    name: 'shows keys that its log lacks',
    codes: ['member/not-in-log'],
    make: ({ victim }) => ({ includes: (_, message, truth) => truth && message.sender !== victim }),
  },
  lieInView([], 'keeps the time to reveal from the victim', ({ victim }, member, view) =>
    isPhase(view, 'reveal') && member === victim ? { ...view, phase: 'commit' } : view,
  ),
  lieInView([], 'speaks of another round when the victim is to reveal', ({ victim }, member, view) =>
    isPhase(view, 'reveal') && member === victim ? { ...view, round: view.round + 1 } : view,
  ),
  {
    name: 'keeps two logs',
    codes: ['member/split-log'],
    make: (setup) => ({
      admitsAll: true,
      seenLog: (member, truth) => (otherHalf(setup).includes(member) ? { ...truth, root: random } : truth),
    }),
  },
  {
    name: 'shows two halves different keys of a member of its own',
    codes: ['member/split-view', 'member/altered-message'],
    make: (setup) => {
      const signed = new Map<string, Message>();
      const [ally] = setup.corrupt;
      return {
        includes: () => true,
        admitsAll: true,
        messages: (member, messages) =>
          (messages as Message[]).flatMap((message) => {
            const isSplit = message.kind === 'round/keys/1' && message.sender === ally?.address;
            return isSplit && otherHalf(setup).includes(member) ? (secondKeys(setup, message, signed) ?? []) : message;
          }),
      };
    },
  },
];

/** The allies' signatures of the set without the victim in the place of those of the whole set. */
function withSecondSets(setup: LieSetup, messages: readonly Message[], signed: Map<string, Message>): Message[] {
  const uploads = messages.filter(({ kind, sender }) => kind === 'round/upload/1' && sender !== setup.victim);
  return messages.map((message) => {
    const ally = setup.corrupt.find(({ address }) => address === message.sender);
    if (message.kind !== 'round/survivors/1' || ally === undefined) return message;
    const victimBit = 1n << BigInt(setup.members.indexOf(setup.victim));
    const survivors = (BigInt(message.body.survivors) & ~victimBit).toString();
    const body = { ...message.body, survivors, uploadsRoot: messagesRoot(setup.domain, uploads) };
    return signedLater(setup.domain, { ...message, body }, ally, signed) ?? message;
  });
}

/** Another keys message of the hub's ally. */
function secondKeys(
  setup: LieSetup,
  message: MessageOf<'round/keys/1'>,
  signed: Map<string, Message>,
): Message | undefined {
  const body = { ...message.body, selfSeedCommitment: `0x${'17'.repeat(32)}` };
  return signedLater(setup.domain, { ...message, body }, setup.corrupt[0]!, signed);
}

/** Signing takes a moment, so the message is there from the second look on. */
function signedLater(
  domain: SigningDomain,
  message: Message,
  signer: Signer,
  signed: Map<string, Message>,
): Message | undefined {
  const { signature: _, ...unsigned } = message;
  const key = JSON.stringify(unsigned);
  if (!signed.has(key)) void signMessage(domain, unsigned, signer).then((second) => signed.set(key, second));
  return signed.get(key);
}
