import {
  type Address,
  addressSchema,
  blobManifestOf,
  blobRoot,
  createRememberingVerifier,
  encodeModelState,
  type MessageVerifier,
  parsePlan,
  type Plan,
  type Signer,
  type SigningDomain,
} from '@skein/alliance';
import { digestOfBytes } from '@skein/core';
import { accountOf } from './accounts.ts';
import { ContractModel } from './contract-model.ts';
import { EventQueue } from './event-queue.ts';
import { HubModel } from './hub-model.ts';
import { type NodeLies, NodeModel, type Weather } from './node-model.ts';
import { seededCrypto } from './seeded-crypto.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';

export const PARAMETERS = 50;
const DOMAIN: SigningDomain = { chainId: 31337, contract: addressSchema.parse(`0x${'5c'.repeat(20)}`) };

/** What a world is made of. */
export interface WorldSetup {
  readonly seed: string;
  readonly members: number;
  /** Aggregators that are no members, beside the members of the same number. */
  readonly outsideAggregators: number;
  readonly rounds: number;
  readonly weather: Weather;
  /** Corrupt nodes by index. */
  readonly lies?: ReadonlyMap<number, (world: WorldParts) => NodeLies>;
  readonly aggregation?: Plan['aggregation'];
}

/** What corrupt nodes get to know. */
export interface WorldParts {
  readonly plan: Plan;
  readonly hub: HubModel;
}

/** All parties of an alliance in one process. */
export interface World extends WorldParts {
  readonly contract: ContractModel;
  readonly queue: EventQueue;
  readonly nodes: readonly NodeModel[];
  readonly signers: readonly Signer[];
  readonly domain: SigningDomain;
  readonly random: SeededRandom;
  /** Runs until the alliance has ended, or what is given is so. @returns whether it came to that */
  run(isDone?: () => boolean): Promise<boolean>;
}

/** Sets a world up; the same seed gives the same one, to the last message. */
export function createWorld(setup: WorldSetup): World {
  const random = createSeededRandom(setup.seed);
  const queue = new EventQueue();
  const base = encodeModelState({ parameters: new Float32Array(PARAMETERS), optimiser: {} });
  const plan = planOf(setup, blobRoot(blobManifestOf(base)));
  const signers = Array.from({ length: setup.members + setup.outsideAggregators }, (_, i) => accountOf(`node ${i}`));
  const members = signers.slice(0, setup.members).map(({ address }) => address);
  const aggregators = signers.slice(Math.max(0, setup.members - 2)).map(({ address }) => address);
  const now = () => queue.now;
  const verify = sharedVerifier;
  const id = '1';
  const contract = new ContractModel({ plan, domain: DOMAIN, id, now, members, aggregators });
  const hub = new HubModel({ plan, domain: DOMAIN, id, contract, now, verify });
  hub.blobs.set(plan.initialModel, base);
  const common = targetOf(random.fork('common'), 1);
  const nodes = signers.map((signer, index) => {
    const own = random.fork(`node ${index}`);
    const target = targetOf(own, 0.2).map((value, i) => value + common[i]!);
    const lies = setup.lies?.get(index)?.({ plan, hub }) ?? {};
    const isMember = index < setup.members;
    const { weather } = setup;
    const crypto = seededCrypto(own.fork('crypto'));
    return new NodeModel({
      signer,
      plan,
      domain: DOMAIN,
      id,
      isMember,
      hub,
      contract,
      queue,
      verify,
      weather,
      lies,
      target,
      examples: 10 + 3 * index,
      crypto,
      random: own.fork('events'),
    });
  });
  return {
    plan,
    hub,
    contract,
    queue,
    nodes,
    signers,
    domain: DOMAIN,
    random,
    async run(isDone = () => contract.status === 'finished') {
      startHub({ hub, queue, random: random.fork('hub'), weather: setup.weather });
      for (const node of nodes) node.start();
      return queue.runUntil(isDone, setup.rounds * 20_000);
    },
  };
}

/** One for all worlds: the same accounts sign the same words in many of them. */
const sharedVerifier: MessageVerifier = createRememberingVerifier(DOMAIN);

function startHub(parts: { hub: HubModel; queue: EventQueue; random: SeededRandom; weather: Weather }): void {
  const { hub, queue, random, weather } = parts;
  const tick = () => {
    queue.after(1 + random.next(), tick);
    if (!hub.isDown && random.chance(weather.crash / 4)) {
      hub.isDown = true;
      queue.after(random.int(1, 15), () => {
        hub.isDown = false;
        hub.version += 1;
      });
    }
    hub.tick();
  };
  tick();
}

function targetOf(random: SeededRandom, scale: number): Float32Array {
  return Float32Array.from({ length: PARAMETERS }, () => (random.next() - 0.5) * scale);
}

function planOf(setup: WorldSetup, initialModel: Plan['initialModel']): Plan {
  const digest = digestOfBytes(new TextEncoder().encode('base'));
  return parsePlan({
    version: 'plan/1',
    name: 'simulated',
    baseModel: digest,
    method: { kind: 'full' },
    parameters: digest,
    parameterCount: PARAMETERS,
    initialModel,
    strategy: { kind: 'fedavgm', rate: 1, momentum: 0.3 },
    local: {
      steps: 1,
      batch: 1,
      maxLength: 8,
      learningRate: 0.1,
      schedule: 'constant',
      proximalMu: 0,
      evaluationFraction: 0.2,
    },
    rounds: setup.rounds,
    minMembers: 3,
    maxMembers: 64,
    aggregation: setup.aggregation ?? {
      kind: 'secure',
      clipNorm: 20,
      clipValue: 2,
      minSurvivors: 3,
      weights: 'equal',
    },
    phases: { keys: 60, shares: 60, upload: 120, survivors: 60, unmask: 60, sum: 120, commit: 160, reveal: 60 },
    toleranceMicroNats: 0,
    join: 'open',
    pool: '1000003',
    stake: '1009',
    aggregatorStake: '5003',
    evaluatorFeeBps: 1000,
    unrevealedPenaltyBps: 500,
    retentionSeconds: 86_400,
  });
}

/** The addresses of some indices. */
export function addressesAt(world: World, indices: readonly number[]): Address[] {
  return indices.map((index) => world.signers[index]!.address);
}
