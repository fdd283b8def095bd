import {
  type Address,
  admitMessage,
  advanceRound,
  bodyDigest,
  type ChainRound,
  knownMessages,
  type KnownMessages,
  type Message,
  type MessageKind,
  type MessageVerifier,
  nextRoundAction,
  openRoundState,
  type Plan,
  type RoundFacts,
  type RoundState,
  type RoundView,
  roundStateSchema,
  type SeenLog,
  type SigningDomain,
  viewOf,
} from '@skein/alliance';
import { type Digest, digestFromHash, merkleLeafHash, merkleRoot } from '@skein/core';
import type { ContractModel } from './contract-model.ts';
import { Reverted } from './contract-model.ts';

/** What a lying hub changes in what it tells one member. */
export interface HubLies {
  /** Takes also what contradicts the hub's own story. */
  readonly admitsAll?: boolean;
  view?(member: Address, view: RoundView): RoundView;
  messages?(member: Address, messages: readonly unknown[]): readonly unknown[];
  includes?(member: Address, message: Message, truth: boolean): boolean;
  seenLog?(member: Address, truth: SeenLog): SeenLog;
}

/** The hub: coordinator, relay, log and blobs of packages/alliance on a store that survives its crashes. */
export class HubModel {
  lies: HubLies = {};
  isDown = false;
  readonly blobs = new Map<Digest, Uint8Array>();
  /** Everything that was ever accepted, in the log's order. */
  readonly log: Message[] = [];
  readonly refusals: string[] = [];
  /** Raises with everything that a member could see. */
  version = 0;
  #storedState: string | null = null;
  #known: { key: string; value: KnownMessages } | null = null;
  readonly #leaves: Uint8Array[] = [];
  readonly #roots = new Map<number, Digest>();
  readonly #inLog = new Set<string>();
  readonly #setup: {
    readonly plan: Plan;
    readonly domain: SigningDomain;
    readonly id: string;
    readonly contract: ContractModel;
    readonly now: () => number;
    readonly verify: MessageVerifier;
  };

  constructor(setup: HubModel['setup']) {
    this.#setup = setup;
  }

  get setup() {
    return this.#setup;
  }

  get state(): RoundState | null {
    return this.#storedState === null ? null : roundStateSchema.parse(JSON.parse(this.#storedState));
  }

  /** Takes a message as the HTTP route would. */
  post(value: unknown): 'accepted' | 'duplicate' | 'refused' {
    if (this.isDown) return 'refused';
    const { plan, id, domain, verify } = this.#setup;
    const facts = this.#facts();
    const state = this.state;
    if (facts === null || state === null) return 'refused';
    const verified = verify(value, { alliance: id, round: state.round });
    if (!verified.ok) return this.#refuse(verified.sentence);
    const { message } = verified;
    const earlier = this.#roundMessages().find(
      ({ kind, attempt, sender }) => kind === message.kind && attempt === message.attempt && sender === message.sender,
    );
    if (earlier !== undefined) {
      if (bodyDigest(earlier) === bodyDigest(message)) return 'duplicate';
      this.#try((contract) => contract.reportEquivocation(earlier, message));
      return this.#refuse('equivocation');
    }
    const key = JSON.stringify([
      state.round,
      state.phase,
      state.attempt,
      message.kind === 'round/keys/1' ? this.log.length : 0,
    ]);
    if (this.#known?.key !== key) {
      this.#known = { key, value: knownMessages(domain, state, this.#roundMessages()) };
    }
    const { size } = 'log' in message.body ? message.body.log : { size: 0 };
    const logRoot = size <= this.log.length ? this.rootAt(size) : null;
    const admission = admitMessage(plan, state, facts, { message, known: this.#known.value, logRoot });
    if (!admission.ok && this.lies.admitsAll !== true) return this.#refuse(admission.sentence);
    this.append(message);
    return 'accepted';
  }

  /** Puts an entry into the log. */
  append(message: Message): void {
    this.log.push(message);
    const json = JSON.stringify(message);
    this.#inLog.add(json);
    this.#leaves.push(merkleLeafHash(new TextEncoder().encode(json)));
    this.version += 1;
  }

  /** Takes a blob whose root some accepted message announced. */
  putBlob(root: Digest, bytes: Uint8Array): boolean {
    if (this.isDown || !this.log.some((message) => announces(message, root))) return false;
    this.blobs.set(root, bytes);
    this.version += 1;
    return true;
  }

  /** Moves the round on and acts as keeper; crash-safe because the state is stored before anything is done. */
  tick(): void {
    if (this.isDown) return;
    const { plan, contract, now } = this.#setup;
    const facts = this.#facts();
    if (facts !== null) {
      const stored = this.state;
      const state = stored?.round === facts.chain.round ? stored : openRoundState(plan, facts);
      const advanced = advanceRound(plan, state, facts, now());
      const json = JSON.stringify(advanced.state);
      if (json !== this.#storedState) this.version += 1;
      this.#storedState = json;
      for (const action of advanced.actions) this.#try((chain) => this.#act(chain, action));
    }
    const opening = nextRoundAction(plan, {
      status: contract.status,
      paused: false,
      round: contract.round,
      isRoundOpen: contract.isRoundOpen,
      memberCount: contract.activeCount,
    });
    // Nobody could start from a model that isn't here.
    if (opening?.kind === 'openRound' && this.blobs.has(contract.model))
      this.#try((chain) => chain.openRound(opening.round));
  }

  /** What a member is told. */
  view(member: Address): RoundView | null {
    const facts = this.#facts();
    const state = this.state;
    if (this.isDown || facts === null || state?.round !== facts.chain.round) return null;
    const view = viewOf(this.#setup.plan, state, facts, this.#setup.now());
    return this.lies.view?.(member, structuredClone(view)) ?? view;
  }

  messages(member: Address, kinds: readonly MessageKind[]): readonly unknown[] {
    const messages = this.#roundMessages().filter(({ kind }) => kinds.includes(kind));
    return this.lies.messages?.(member, structuredClone(messages)) ?? messages;
  }

  includes(member: Address, message: Message): boolean {
    const truth = this.#inLog.has(JSON.stringify(message));
    return this.lies.includes?.(member, message, truth) ?? truth;
  }

  /** The log's last state, as a member has it. */
  seenLog(member: Address): SeenLog {
    const truth = { size: this.log.length, root: this.rootAt(this.log.length) };
    return this.lies.seenLog?.(member, truth) ?? truth;
  }

  rootAt(size: number): Digest {
    let root = this.#roots.get(size);
    if (root === undefined) this.#roots.set(size, (root = digestFromHash(merkleRoot(this.#leaves.slice(0, size)))));
    return root;
  }

  #roundMessages(): Message[] {
    const round = this.#setup.contract.round;
    return this.log.filter((message) => message.round === round);
  }

  #facts(): RoundFacts | null {
    const { contract, id } = this.#setup;
    const chain: ChainRound | null = contract.read();
    if (chain === null) return null;
    const messages = this.#roundMessages();
    return {
      alliance: id,
      chain,
      modelBytes: this.blobs.get(chain.model)?.length ?? 1,
      sent: messages.map(({ kind, attempt, sender }) => ({ kind, attempt, sender })),
      uploaded: messages.flatMap((m) => (m.kind === 'round/upload/1' && this.blobs.has(m.body.root) ? [m.sender] : [])),
      isModelHere: chain.candidate !== null && this.blobs.has(chain.candidate.model),
      refutations: messages.flatMap((m) =>
        m.kind === 'round/replay/1' ? [{ attempt: m.attempt, sender: m.sender, ...m.body }] : [],
      ),
    };
  }

  #act(chain: ContractModel, action: ReturnType<typeof advanceRound>['actions'][number]): void {
    switch (action.kind) {
      case 'openRound':
        return chain.openRound(action.round);
      case 'failRound':
        return chain.failRound(action.round);
      case 'finalizeRound':
        return chain.finalizeRound(action.round, action.order);
      case 'refuteSum': {
        const signatures = this.#roundMessages()
          .filter((message) => message.kind === 'round/replay/1' && message.attempt === action.attempt)
          .filter(({ sender }) => action.signers.includes(sender))
          .map(({ signature }) => signature);
        return chain.refuteSum(action.round, action.replayed as Digest, signatures);
      }
    }
  }

  #try(call: (contract: ContractModel) => void): void {
    try {
      call(this.#setup.contract);
      this.version += 1;
    } catch (error) {
      // Somebody else was quicker, or it is too early: the keeper tries again with newer facts.
      if (!(error instanceof Reverted)) throw error;
    }
  }

  #refuse(sentence: string): 'refused' {
    this.refusals.push(sentence);
    return 'refused';
  }
}

function announces(message: Message, root: Digest): boolean {
  if (message.kind === 'round/upload/1') return message.body.root === root;
  return message.kind === 'round/sum/1' && (message.body.sum === root || message.body.model === root);
}
