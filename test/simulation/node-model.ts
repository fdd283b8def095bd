import {
  type Address,
  AGGREGATOR_KINDS,
  type AggregatorEffect,
  type AggregatorOutcomes,
  aggregatorStateSchema,
  aggregatorStep,
  blobManifestOf,
  blobRoot,
  type CheckJob,
  checkPostedSum,
  computeSum,
  decodeModelState,
  lossChangeMicroNats,
  makeUpload,
  type MemberEffect,
  type MemberOutcomes,
  memberStateSchema,
  memberStep,
  type Message,
  messageKindsFor,
  type MessageVerifier,
  type Plan,
  type Signer,
  type SigningDomain,
  signMessage,
  type SumJob,
  type Unsigned,
} from '@skein/alliance';
import { type Digest, digestOfJson } from '@skein/core';
import type { AggregationCrypto } from '@skein/privacy';
import type { ContractModel } from './contract-model.ts';
import { Reverted } from './contract-model.ts';
import type { EventQueue } from './event-queue.ts';
import type { HubModel } from './hub-model.ts';
import type { SeededRandom } from './seeded-random.ts';

/** How rough the world is; probabilities for each chance that something has to go wrong. */
export interface Weather {
  /** A crash before, between or after the effects of a step. */
  readonly crash: number;
  /** That a crash lasts beyond the round. */
  readonly long: number;
  readonly loss: number;
  readonly duplicate: number;
  /** Longest delay of a message, seconds. */
  readonly delaySeconds: number;
}

/** What a corrupt node does differently; everything else it does as it should. */
export interface NodeLies {
  /** Changes a message before it is signed; several are all signed and sent. */
  say?(message: Unsigned): Unsigned[];
  /** Changes a sum before it is announced. */
  sum?(computed: Computed, job: SumJob): Computed;
  products?(products: readonly number[], job: CheckJob): number[];
  loss?(lossChange: number): number;
  reveals?: boolean;
}

export interface Computed {
  readonly sum: Uint8Array;
  readonly model: Uint8Array;
}

export interface NodeSetup {
  readonly signer: Signer;
  readonly plan: Plan;
  readonly domain: SigningDomain;
  readonly id: string;
  readonly isMember: boolean;
  readonly hub: HubModel;
  readonly contract: ContractModel;
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  readonly crypto: AggregationCrypto;
  readonly verify: MessageVerifier;
  readonly weather: Weather;
  readonly lies: NodeLies;
  /** Where the member's data pull the model. */
  readonly target: Float32Array;
  readonly examples: number;
}

class Crash extends Error {}

/** A node: a member, an aggregator or both, with a disk that survives its crashes. */
export class NodeModel {
  readonly self: Address;
  readonly refusals: Extract<MemberEffect, { kind: 'refuse' }>[] = [];
  readonly notices: string[] = [];
  /** Values that were uploaded, by round: for the judge, not for the protocol. */
  readonly updates = new Map<number, Float32Array>();
  /** Rounds in which it replayed a sum. */
  readonly replayed = new Set<string>();
  readonly downTimes: [number, number][] = [];
  downUntil = 0;
  /** Everything that survives a crash. */
  readonly disk = {
    member: null as string | null,
    aggregator: null as string | null,
    signed: new Map<string, string>(),
    outcomes: new Map<number, { member: MemberOutcomes; aggregator: AggregatorOutcomes }>(),
    blobs: new Map<Digest, Uint8Array>(),
    /** Every member state that ever was: what a thief of the disk would have had. */
    history: new Map<number, string>(),
  };
  readonly #running = new Set<string>();
  #seenVersion = -1;
  #seenSecond = -1;
  readonly #setup: NodeSetup;

  readonly examples: number;

  constructor(setup: NodeSetup) {
    this.#setup = setup;
    this.examples = setup.examples;
    this.self = setup.signer.address;
  }

  start(): void {
    this.#setup.queue.after(this.#setup.random.next() * 2, () => this.#wake());
  }

  async #wake(): Promise<void> {
    const { queue, random } = this.#setup;
    queue.after(1 + random.next() * 3, () => this.#wake());
    if (queue.time < this.downUntil) return;
    try {
      if (this.#setup.isMember) await this.#memberTurn();
      await this.#aggregatorTurn();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      const seconds = random.chance(this.#setup.weather.long) ? random.int(60, 400) : random.int(1, 20);
      this.downUntil = queue.time + seconds;
      this.downTimes.push([queue.time, this.downUntil]);
      this.#running.clear();
      this.#seenVersion = -1;
    }
  }

  async #memberTurn(): Promise<void> {
    const { hub, contract, plan, domain, id, crypto, verify, queue } = this.#setup;
    // Nothing new, and no deadline that could have passed: the step would say the same.
    if (this.#seenVersion === hub.version && queue.now < this.#seenSecond + 10) return;
    this.#seenVersion = hub.version;
    this.#seenSecond = queue.now;
    const view = hub.view(this.self);
    const chain = contract.read();
    if (view === null || chain === null) return;
    const { state, effects } = await memberStep({
      plan,
      domain,
      alliance: id,
      self: this.self,
      state: this.disk.member === null ? null : memberStateSchema.parse(JSON.parse(this.disk.member)),
      view,
      chain,
      messages: hub.messages(this.self, messageKindsFor(view)),
      outcomes: this.#outcomes(view.round).member,
      now: queue.now,
      crypto,
      quantiserSeed: digestOfJson([this.self, view.round]).slice(7),
      examples: this.examples,
      log: {
        seen: hub.seenLog(this.self),
        includes: (message) => Promise.resolve(hub.includes(this.self, message)),
        agrees: ({ size, root }) => Promise.resolve(size <= hub.log.length && hub.rootAt(size) === root),
      },
      verify,
    });
    this.#maybeCrash();
    if (state !== null) {
      this.disk.member = JSON.stringify(state);
      this.disk.history.set(state.round, this.disk.member);
    }
    for (const effect of effects) {
      this.#maybeCrash();
      await this.#perform(state?.round ?? view.round, effect);
    }
  }

  async #perform(round: number, effect: MemberEffect): Promise<void> {
    const { contract, crypto, plan, hub, lies } = this.#setup;
    const outcomes = this.#outcomes(round);
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.message);
      case 'train':
        return this.#work(`train ${round}`, 20, () => {
          this.updates.set(round, this.#train(hub.blobs.get(effect.model)!, round));
          outcomes.member = { ...outcomes.member, trained: true };
        });
      case 'make-upload':
        return this.#work(`upload ${round}`, 2, () => {
          const blob = joined([...makeUpload(crypto, effect.job, this.updates.get(round)!)]);
          const root = blobRoot(blobManifestOf(blob));
          this.disk.blobs.set(root, blob);
          outcomes.member = { ...outcomes.member, upload: { root, sizeBytes: blob.length } };
        });
      case 'send-blob':
        return this.#sendBlob(effect.root);
      case 'check': {
        const { job } = effect;
        const sum = hub.blobs.get(job.sum);
        const model = hub.blobs.get(job.model);
        if (sum === undefined || model === undefined) return;
        return this.#work(`check ${job.sum}`, 1, () => {
          const check = checkPostedSum(crypto, plan, job, { update: this.updates.get(round)!, sum, model });
          const products = lies.products?.(check.products, job) ?? check.products;
          outcomes.member = { ...outcomes.member, check: { ...check, products } };
        });
      }
      case 'fetch':
      case 'add-up':
        // Saves time only: the replay that follows gives the same.
        return;
      case 'replay':
        return this.#work(`replay ${effect.posted}`, 3, async () => {
          const result = await computeSum(crypto, plan, effect.job, {
            read: (root) => Promise.resolve(hub.blobs.get(root)),
          });
          const sum = result.ok ? blobRoot(blobManifestOf(result.sum)) : null;
          const model = result.ok ? blobRoot(blobManifestOf(result.model)) : null;
          if (result.ok) this.disk.blobs.set(model!, result.model);
          this.replayed.add(effect.posted);
          outcomes.member = { ...outcomes.member, replay: { posted: effect.posted, sum, model } };
        });
      case 'evaluate': {
        const base = hub.blobs.get(effect.base);
        const candidate = this.disk.blobs.get(effect.candidate) ?? hub.blobs.get(effect.candidate);
        if (base === undefined || candidate === undefined) return;
        return this.#work(`evaluate ${effect.candidate}`, 5, () => {
          const change = lossChangeMicroNats(this.#loss(base), this.#loss(candidate));
          outcomes.member = {
            ...outcomes.member,
            evaluation: { model: effect.candidate, lossChangeMicroNats: lies.loss?.(change) ?? change },
          };
        });
      }
      case 'commit-vote':
        return this.#transact(() => contract.commitVote(this.self, round, effect.attempt, effect.commitment));
      case 'reveal-vote':
        if (lies.reveals === false) return;
        return this.#transact(() =>
          contract.revealVote(this.self, round, effect.attempt, effect.lossChangeMicroNats, effect.salt),
        );
      case 'accuse':
        return this.#transact(() => contract.reportEquivocation(...(effect.evidence as [Message, Message])));
      case 'refuse':
        if (!this.refusals.some(({ code }) => code === effect.code)) this.refusals.push(effect);
        return;
      case 'notice':
        this.notices.push(effect.code);
    }
  }

  async #aggregatorTurn(): Promise<void> {
    const { hub, contract, plan, domain, id, crypto, verify } = this.#setup;
    const view = hub.view(this.self);
    const chain = contract.read();
    if (view === null || chain === null || view.aggregator !== this.self) return;
    const { state, effects } = await aggregatorStep({
      plan,
      domain,
      alliance: id,
      self: this.self,
      state: this.disk.aggregator === null ? null : aggregatorStateSchema.parse(JSON.parse(this.disk.aggregator)),
      view,
      chain,
      messages: hub.messages(this.self, AGGREGATOR_KINDS),
      outcomes: this.#outcomes(view.round).aggregator,
      crypto,
      verify,
    });
    this.#maybeCrash();
    this.disk.aggregator = JSON.stringify(state);
    for (const effect of effects) {
      this.#maybeCrash();
      await this.#performAggregator(view.round, effect);
    }
  }

  async #performAggregator(round: number, effect: AggregatorEffect): Promise<void> {
    const { hub, contract, crypto, plan, lies } = this.#setup;
    const outcomes = this.#outcomes(round);
    switch (effect.kind) {
      case 'aggregate':
        return this.#work(`aggregate ${effect.uploadsRoot}`, 4, async () => {
          const result = await computeSum(crypto, plan, effect.job, {
            read: (root) => Promise.resolve(hub.blobs.get(root)),
          });
          if (!result.ok) {
            this.notices.push(`aggregate: ${result.sentence}`);
            return;
          }
          const { sum, model } = lies.sum?.(result, effect.job) ?? result;
          const [sumRoot, modelRoot] = [sum, model].map((blob) => {
            const root = blobRoot(blobManifestOf(blob));
            this.disk.blobs.set(root, blob);
            return root;
          });
          const body = { sum: sumRoot!, sumBytes: sum.length, model: modelRoot!, modelBytes: model.length };
          outcomes.aggregator = { ...outcomes.aggregator, aggregate: { uploadsRoot: effect.uploadsRoot, body } };
        });
      case 'send':
        return this.#send(effect.message);
      case 'send-blob':
        await this.#sendBlob(effect.root);
        if (hub.blobs.has(effect.root)) {
          const sentBlobs = [...new Set([...(outcomes.aggregator.sentBlobs ?? []), effect.root])];
          outcomes.aggregator = { ...outcomes.aggregator, sentBlobs };
        }
        return;
      case 'post-candidate':
        return this.#transact(() => contract.postCandidate(this.self, effect.round, effect.post, effect.signatures));
      case 'accuse':
        return this.#transact(() => contract.reportEquivocation(...(effect.evidence as [Message, Message])));
      case 'notice':
        this.notices.push(effect.code);
    }
  }

  /** Signs once and keeps the bytes; sends over a network that delays, doubles, reorders and loses. */
  async #send(message: Unsigned): Promise<void> {
    const { domain, signer, hub, lies } = this.#setup;
    for (const [index, said] of (lies.say?.(message) ?? [message]).entries()) {
      const key = `${said.round} ${said.attempt} ${said.kind} ${index}`;
      const bytes = this.disk.signed.get(key) ?? JSON.stringify(await signMessage(domain, said, signer));
      this.disk.signed.set(key, bytes);
      this.#deliver(() => void hub.post(JSON.parse(bytes)));
    }
  }

  #sendBlob(root: Digest): Promise<void> {
    const blob = this.disk.blobs.get(root);
    if (blob !== undefined) this.#deliver(() => void this.#setup.hub.putBlob(root, blob));
    return Promise.resolve();
  }

  #transact(call: () => void): void {
    this.#deliver(() => {
      try {
        call();
        this.#setup.hub.version += 1;
      } catch (error) {
        if (!(error instanceof Reverted)) throw error;
      }
    });
  }

  #deliver(arrive: () => void): void {
    const { queue, random, weather } = this.#setup;
    if (!random.chance(weather.loss)) queue.after(random.next() * weather.delaySeconds, arrive);
    if (random.chance(weather.duplicate)) queue.after(random.next() * 3 * weather.delaySeconds, arrive);
  }

  /** Work that takes its time, in memory only: a crash loses it. */
  #work(name: string, seconds: number, finish: () => void | Promise<void>): void {
    const { queue, random } = this.#setup;
    if (this.#running.has(name)) return;
    this.#running.add(name);
    queue.after(seconds * (0.5 + random.next()), async () => {
      if (!this.#running.delete(name)) return;
      await finish();
      this.#seenVersion = -1;
    });
  }

  #maybeCrash(): void {
    if (this.#setup.random.chance(this.#setup.weather.crash)) throw new Crash();
  }

  #outcomes(round: number) {
    const known = this.disk.outcomes.get(round) ?? { member: {}, aggregator: {} };
    this.disk.outcomes.set(round, known);
    return known;
  }

  /** A real step: towards the member's own target, by a part that the round fixes. */
  #train(model: Uint8Array, round: number): Float32Array {
    const { parameters } = decodeModelState(model);
    return parameters.map((value, i) => (this.#setup.target[i]! - value) * (round % 3 === 0 ? -0.8 : 0.4));
  }

  #loss(model: Uint8Array): number {
    const { parameters } = decodeModelState(model);
    return parameters.reduce((sum, value, i) => sum + (value - this.#setup.target[i]!) ** 2, 0) / parameters.length;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}
