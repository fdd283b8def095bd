import {
  type Address,
  type ChainRound,
  type Candidate,
  bodyDigest,
  candidateSeconds,
  type Message,
  messageHash,
  type Plan,
  recoverSigner,
  type SigningDomain,
  voteCommitment,
} from '@skein/alliance';
import type { Digest } from '@skein/core';

/** What the contract would revert with. */
export class Reverted extends Error {}

interface Party {
  readonly address: Address;
  readonly index: number;
  active: boolean;
  removed: boolean;
  weight: bigint;
}

type Vote = { commitment: string } | { lossChangeMicroNats: number };

/**
 * The contract `Alliance` as a model: the same rules, phases and arithmetic, written from the Solidity and not from
 * packages/alliance, so that the simulation compares two accounts of them.
 */
export class ContractModel {
  readonly parties: Party[];
  readonly bonds = new Map<Address, bigint>();
  readonly owed = new Map<Address, bigint>();
  readonly slashings: { account: Address; amount: bigint; why: string; at: number }[] = [];
  remaining: bigint;
  refunded = 0n;
  paid = 0n;
  slashed = 0n;
  round = 0;
  model: Digest;
  status: 'active' | 'finished' = 'active';
  readonly closed: {
    round: number;
    status: 'accepted' | 'kept' | 'failed';
    model: Digest;
    cohort: number;
    survivors: Address[];
  }[] = [];
  #current: {
    status: ChainRound['status'];
    attempt: number;
    openedAt: number;
    deadline: number;
    weight: bigint;
    members: Set<number>;
    snapshot: ChainRound['members'];
    committed: Set<number>;
    revealed: Set<number>;
    votes: Map<number, Vote>;
    candidate: Candidate | null;
    base: Digest;
  } | null = null;
  readonly #plan: Plan;
  readonly #domain: SigningDomain;
  readonly #id: string;
  readonly #now: () => number;

  constructor(setup: {
    plan: Plan;
    domain: SigningDomain;
    id: string;
    now: () => number;
    members: readonly Address[];
    aggregators: readonly Address[];
  }) {
    this.#plan = setup.plan;
    this.#domain = setup.domain;
    this.#id = setup.id;
    this.#now = setup.now;
    this.remaining = BigInt(setup.plan.pool);
    this.model = setup.plan.initialModel;
    const weight = BigInt(setup.plan.stake);
    this.parties = setup.members.map((address, index) => ({ address, index, active: true, removed: false, weight }));
    for (const address of setup.members) this.bonds.set(address, weight);
    for (const address of setup.aggregators) {
      this.bonds.set(address, (this.bonds.get(address) ?? 0n) + BigInt(setup.plan.aggregatorStake));
    }
    this.#aggregatorBonds = new Map(setup.aggregators.map((address) => [address, BigInt(setup.plan.aggregatorStake)]));
  }

  readonly #aggregatorBonds: Map<Address, bigint>;

  get isRoundOpen(): boolean {
    return this.#current?.status === 'open' || this.#current?.status === 'voting';
  }

  get activeCount(): number {
    return this.parties.filter(({ active }) => active).length;
  }

  /** As a node or a hub would read it. */
  read(): ChainRound | null {
    const current = this.#current;
    if (current === null) return null;
    const accounts = (indices: Iterable<number>) => [...indices].map((index) => this.parties[index]!.address);
    return structuredClone({
      round: this.round,
      attempt: current.attempt,
      status: current.status,
      openedAt: current.openedAt,
      deadline: current.deadline,
      revealDeadline: current.status === 'voting' ? current.deadline + this.#plan.phases.reveal : null,
      model: current.base,
      members: current.snapshot,
      candidate: current.candidate,
      committed: accounts([...current.committed].filter((index) => !this.parties[index]!.removed)),
      revealed: [...current.revealed].map((index) => ({
        evaluator: this.parties[index]!.address,
        lossChangeMicroNats: (current.votes.get(index) as { lossChangeMicroNats: number }).lossChangeMicroNats,
      })),
      aggregators: [...this.#aggregatorBonds]
        .filter(([, bond]) => bond >= BigInt(this.#plan.aggregatorStake))
        .map(([address]) => address),
    });
  }

  openRound(round: number): void {
    this.#require(this.status === 'active' && !this.isRoundOpen && round === this.round + 1, 'openRound');
    this.#require(this.activeCount >= this.#plan.minMembers, 'NotEnoughMembers');
    this.round = round;
    const active = this.parties.filter(({ active: isActive }) => isActive);
    this.#current = {
      status: 'open',
      attempt: 0,
      openedAt: this.#now(),
      deadline: this.#now() + this.#candidateSeconds(),
      weight: active.reduce((sum, { weight }) => sum + weight, 0n),
      members: new Set(active.map(({ index }) => index)),
      snapshot: active.map(({ address, index, weight }) => ({ address, index, weight: weight.toString() })),
      committed: new Set(),
      revealed: new Set(),
      votes: new Map(),
      candidate: null,
      base: this.model,
    };
  }

  postCandidate(
    sender: Address,
    round: number,
    post: Omit<Candidate, 'aggregator'>,
    signatures: readonly string[],
  ): void {
    const current = this.#at(round, 'open');
    this.#require(this.#now() < current.deadline, 'TooLate');
    this.#require((this.#aggregatorBonds.get(sender) ?? 0n) >= BigInt(this.#plan.aggregatorStake), 'InsufficientBond');
    const cohort = bitsOf(post.cohort);
    const survivors = bitsOf(post.survivors);
    const isNested = survivors.every((bit) => cohort.includes(bit)) && cohort.every((bit) => current.members.has(bit));
    this.#require(isNested && cohort.length >= this.#plan.minMembers && survivors.length > 0, 'BadCohort');
    const { uploadsRoot } = post;
    const body = { cohort: post.cohort, survivors: post.survivors, uploadsRoot };
    const signers = this.#countSigners('round/survivors/1', body, survivors, signatures);
    const n = cohort.length;
    let needed = Math.floor((n + Math.floor(n / 3)) / 2) + 1;
    if (n <= 5 && needed < survivors.length) needed = survivors.length;
    this.#require(signers >= needed, 'QuorumNotReached');
    current.candidate = { aggregator: sender, ...post };
    current.status = 'voting';
    current.deadline = this.#now() + this.#plan.phases.commit;
  }

  commitVote(sender: Address, round: number, attempt: number, commitment: string): void {
    const current = this.#at(round, 'voting');
    this.#require(attempt === current.attempt && this.#now() < current.deadline, 'TooLate');
    const index = this.#evaluator(sender);
    this.#require(!current.committed.has(index), 'AlreadyCommitted');
    current.committed.add(index);
    current.votes.set(index, { commitment });
    this.#openRevealIfComplete();
  }

  revealVote(sender: Address, round: number, attempt: number, lossChangeMicroNats: number, salt: string): void {
    const current = this.#at(round, 'voting');
    const isOpen = this.#now() >= current.deadline && this.#now() < current.deadline + this.#plan.phases.reveal;
    this.#require(attempt === current.attempt && isOpen, 'NotNow');
    const index = this.#evaluator(sender);
    const vote = current.votes.get(index);
    const sealed = { alliance: this.#id, round, attempt, evaluator: sender, lossChangeMicroNats, salt };
    this.#require(
      vote !== undefined && 'commitment' in vote && vote.commitment === voteCommitment(sealed),
      'WrongReveal',
    );
    current.revealed.add(index);
    current.votes.set(index, { lossChangeMicroNats });
  }

  finalizeRound(round: number, order: readonly Address[]): void {
    const current = this.#at(round, 'voting');
    const isAwaited = (index: number) => !current.revealed.has(index) && !this.parties[index]!.removed;
    const isComplete = this.#now() >= current.deadline && ![...current.committed].some(isAwaited);
    this.#require(isComplete || this.#now() >= current.deadline + this.#plan.phases.reveal, 'TooEarly');
    const accepted = this.#decide(order);
    for (const index of current.committed) if (isAwaited(index)) this.#punishSilence(index);
    if (!accepted) return this.#close('kept');
    this.model = current.candidate!.model;
    this.#pay(order);
    this.#close('accepted');
  }

  failRound(round: number): void {
    const current = this.#at(round, 'open');
    this.#require(this.#now() >= current.deadline, 'TooEarly');
    this.#close('failed');
  }

  refuteSum(round: number, replayed: Digest, signatures: readonly string[]): void {
    const current = this.#at(round, 'voting');
    const { sum: posted, survivors: set, aggregator } = current.candidate!;
    this.#require(replayed !== posted, 'SameDigest');
    const survivors = bitsOf(set);
    const signers = this.#countSigners('round/replay/1', { posted, replayed }, survivors, signatures);
    this.#require(signers >= Math.floor((survivors.length * 2) / 3) + 1, 'QuorumNotReached');
    current.candidate = null;
    current.committed = new Set([...current.members].filter((index) => this.parties[index]!.removed));
    current.revealed.clear();
    current.votes.clear();
    current.status = 'open';
    current.attempt += 1;
    current.deadline = this.#now() + this.#candidateSeconds();
    const bond = this.#aggregatorBonds.get(aggregator) ?? 0n;
    this.#aggregatorBonds.set(aggregator, 0n);
    this.#slash(aggregator, bond, 'refuted sum');
    if (current.attempt === 16) this.#close('failed');
  }

  reportEquivocation(a: Message, b: Message): void {
    const isSamePlace =
      a.alliance === b.alliance && a.round === b.round && a.attempt === b.attempt && a.kind === b.kind;
    this.#require(isSamePlace && bodyDigest(a) !== bodyDigest(b), 'NotEquivocation');
    const signer = recoverSigner(messageHash(this.#domain, a), a.signature);
    this.#require(signer === recoverSigner(messageHash(this.#domain, b), b.signature), 'NotEquivocation');
    const party = this.parties.find(({ address }) => address === signer);
    this.#require(party !== undefined && !party.removed, 'NotMember');
    party.removed = true;
    party.active = false;
    this.#slash(party.address, party.weight, 'equivocation');
    const current = this.#current;
    if (current === null || !this.isRoundOpen || !current.members.has(party.index)) return;
    // The expelled count as committed, so that nobody waits for them, and no longer with their weight.
    current.committed.add(party.index);
    current.revealed.delete(party.index);
    current.weight -= party.weight;
    this.#openRevealIfComplete();
  }

  /** Both sides of the books; equal as long as no unit was lost or made. */
  books(): { pool: [bigint, bigint]; bonds: [bigint, bigint] } {
    const staked = BigInt(this.#plan.stake) * BigInt(this.parties.length);
    const aggregatorStake = BigInt(this.#plan.aggregatorStake) * BigInt(this.#aggregatorBonds.size);
    const held = [...this.bonds.values()].reduce((sum, bond) => sum + bond, 0n);
    const credited = [...this.owed.values()].reduce((sum, amount) => sum + amount, 0n);
    return {
      pool: [BigInt(this.#plan.pool), credited + this.refunded + this.remaining],
      bonds: [staked + aggregatorStake, held + this.slashed],
    };
  }

  #decide(order: readonly Address[]): boolean {
    const current = this.#current!;
    this.#require(order.length === current.revealed.size && new Set(order).size === order.length, 'WrongOrder');
    const votes = order.map((address) => {
      const party = this.parties.find((candidate) => candidate.address === address);
      this.#require(party !== undefined && current.revealed.has(party.index), 'WrongOrder');
      return {
        party: party,
        loss: (current.votes.get(party.index) as { lossChangeMicroNats: number }).lossChangeMicroNats,
      };
    });
    this.#require(
      votes.every(({ loss }, i) => i === 0 || votes[i - 1]!.loss <= loss),
      'WrongOrder',
    );
    const total = votes.reduce((sum, { party }) => sum + party.weight, 0n);
    if (total === 0n || total * 3n < current.weight * 2n) return false;
    let sum = votes[0]!.party.weight;
    let k = 0;
    while (sum * 2n < total) sum += votes[++k]!.party.weight;
    return votes[k]!.loss <= this.#plan.toleranceMicroNats;
  }

  #pay(revealers: readonly Address[]): void {
    const survivors = bitsOf(this.#current!.candidate!.survivors).filter((index) => !this.parties[index]!.removed);
    const budget = this.remaining / BigInt(this.#plan.rounds - this.round + 1);
    const fees = (budget * BigInt(this.#plan.evaluatorFeeBps)) / 10_000n;
    const fee = fees / BigInt(revealers.length);
    const share = survivors.length === 0 ? 0n : (budget - fees) / BigInt(survivors.length);
    for (const address of revealers) this.#credit(address, fee);
    for (const index of survivors) this.#credit(this.parties[index]!.address, share);
  }

  #credit(address: Address, amount: bigint): void {
    this.owed.set(address, (this.owed.get(address) ?? 0n) + amount);
    this.remaining -= amount;
    this.paid += amount;
  }

  #punishSilence(index: number): void {
    const party = this.parties[index]!;
    const penalty = (BigInt(this.#plan.stake) * BigInt(this.#plan.unrevealedPenaltyBps)) / 10_000n;
    const lost = penalty < party.weight ? penalty : party.weight;
    party.weight -= lost;
    this.#slash(party.address, lost, 'unrevealed vote');
  }

  #slash(account: Address, amount: bigint, why: string): void {
    this.bonds.set(account, (this.bonds.get(account) ?? 0n) - amount);
    this.slashed += amount;
    this.slashings.push({ account, amount, why, at: this.#now() });
  }

  #close(status: 'accepted' | 'kept' | 'failed'): void {
    const current = this.#current!;
    current.status = status;
    const survivors = bitsOf(current.candidate?.survivors ?? '0').map((index) => this.parties[index]!.address);
    const cohort = bitsOf(current.candidate?.cohort ?? '0').length;
    this.closed.push({ round: this.round, status, model: this.model, cohort, survivors });
    if (this.round !== this.#plan.rounds) return;
    this.status = 'finished';
    this.refunded = this.remaining;
    this.remaining = 0n;
  }

  #openRevealIfComplete(): void {
    const current = this.#current!;
    if (current.status !== 'voting' || this.#now() >= current.deadline) return;
    if ([...current.members].every((index) => current.committed.has(index))) current.deadline = this.#now();
  }

  #countSigners(
    kind: 'round/survivors/1' | 'round/replay/1',
    body: object,
    allowed: number[],
    signatures: readonly string[],
  ): number {
    const place = {
      protocol: 'skein/1',
      alliance: this.#id,
      round: this.round,
      attempt: this.#current!.attempt,
      kind,
      body,
    };
    const hash = messageHash(this.#domain, place as never);
    const seen = new Set<number>();
    for (const signature of signatures) {
      const signer = recoverSigner(hash, signature);
      const party = this.parties.find(({ address }) => address === signer);
      this.#require(party !== undefined && allowed.includes(party.index) && !seen.has(party.index), 'BadSigner');
      seen.add(party.index);
    }
    return seen.size;
  }

  #evaluator(sender: Address): number {
    const party = this.parties.find(({ address }) => address === sender);
    this.#require(party?.active === true && this.#current!.members.has(party.index), 'NotMember');
    return party.index;
  }

  #at(round: number, status: ChainRound['status']) {
    this.#require(
      this.#current !== null && round === this.round && this.#current.status === status,
      'WrongRoundStatus',
    );
    return this.#current;
  }

  #candidateSeconds(): number {
    return candidateSeconds(this.#plan);
  }

  #require(condition: boolean, why: string): asserts condition {
    if (!condition) throw new Reverted(why);
  }
}

/** Indices of a bitmap. */
export function bitsOf(set: string): number[] {
  const bits: number[] = [];
  for (let index = 0, rest = BigInt(set); rest > 0n; index++, rest >>= 1n) if (rest & 1n) bits.push(index);
  return bits;
}
