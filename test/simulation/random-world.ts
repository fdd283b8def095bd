import {
  blobManifestOf,
  blobRoot,
  encodeNumbers,
  nextModel,
  parseUint32,
  type Plan,
  type Unsigned,
} from '@skein/alliance';
import { CHECK_PRIME, innerProducts } from '@skein/privacy';
import { nodeCrypto } from '@skein/privacy/node';
import { hubLies } from './hub-lies.ts';
import { type Judgement, judge } from './judge.ts';
import type { NodeLies, Weather } from './node-model.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';
import { createWorld, PARAMETERS, type World, type WorldParts } from './world.ts';

/** Who cheats in a world. */
const PLOTS = [
  'nobody',
  'nobody',
  'nobody',
  'wrong sum',
  'wrong sum with a member',
  'wrong model',
  'silent evaluator',
  'equivocation',
  'hub with a member',
  'hub with a member',
] as const;
export type Plot = (typeof PLOTS)[number];

export interface RandomWorld extends Judgement {
  readonly seed: string;
  readonly plot: string;
  readonly members: number;
}

/** Sets up, runs and judges a world that a seed fixes. */
export async function runRandomWorld(seed: string, rounds: number): Promise<RandomWorld> {
  const random = createSeededRandom(`${seed} setup`);
  const members = random.pick([3, 3, 4, 4, 5, 6, 7]);
  const plot = random.pick(PLOTS);
  const weather = weatherOf(random);
  // The last two members and the outsider add up; the first member is the one that cheats as a member.
  const lies = new Map<number, (parts: WorldParts) => NodeLies>();
  const aggregators = [members - 2, members - 1, members];
  const corrupt = corruptOf(plot, members, aggregators);
  for (const index of corrupt) lies.set(index, (parts) => liesOf(plot, index, aggregators, parts));
  const rule = random.pick([{ kind: 'mean' }, { kind: 'median' }] as const);
  const clear = { kind: 'clear', rule, minSurvivors: 3 } as const;
  const isClear = plot !== 'hub with a member' && plot !== 'wrong sum with a member' && random.chance(0.15);
  const mode = isClear ? { aggregation: clear } : random.chance(0.2) ? { aggregation: WEIGHED } : {};
  const world = createWorld({ seed, members, outsideAggregators: 1, rounds, weather, lies, ...mode });
  const addresses = corrupt.map((index) => world.signers[index]!.address);
  const lie = plot === 'hub with a member' ? corruptHub(world, random, corrupt) : undefined;
  const hasEnded = await world.run();
  const judgement = await judge(world, addresses);
  const broken =
    hasEnded || plot === 'equivocation' ? judgement.broken : [...judgement.broken, 'the alliance never ended'];
  return {
    ...judgement,
    broken,
    seed,
    plot: lie === undefined ? plot + (isClear ? ' in clear mode' : '') : `${plot}: ${lie}`,
    members,
  };
}

function weatherOf(random: SeededRandom): Weather {
  const isRough = random.chance(0.7);
  return {
    crash: isRough ? random.pick([0, 0.005, 0.02]) : 0,
    long: random.pick([0, 0.1, 0.3]),
    loss: isRough ? random.pick([0, 0.1, 0.2]) : 0,
    duplicate: random.pick([0, 0.2, 0.5]),
    delaySeconds: random.pick([1, 5, 15]),
  };
}

function corruptOf(plot: Plot, members: number, aggregators: readonly number[]): number[] {
  switch (plot) {
    case 'nobody':
      return [];
    case 'wrong sum':
    case 'wrong model':
      // Not all: the next one must be able to take over.
      return [aggregators[2]!];
    case 'wrong sum with a member':
      return [0, aggregators[2]!];
    case 'hub with a member':
      // As many as the thresholds allow for.
      return Array.from({ length: Math.floor(members / 3) }, (_, index) => index);
    default:
      return [0];
  }
}

function liesOf(plot: Plot, index: number, aggregators: readonly number[], parts: WorldParts): NodeLies {
  switch (plot) {
    case 'wrong sum':
      return wrongSum(parts);
    case 'wrong sum with a member':
      return index === aggregators[2]
        ? wrongSum(parts)
        : { products: (products, job) => helpWrongSum(products, job), loss: () => -1 };
    case 'wrong model':
      return { sum: ({ sum }, job) => ({ sum, model: alteredModel(parts, job.model, sum, job.uploads.length) }) };
    case 'silent evaluator':
      return { reveals: false };
    case 'equivocation':
      return { say: equivocate };
    default:
      return {};
  }
}

/** Members count by their examples, which travel as one more coordinate. */
const WEIGHED: Plan['aggregation'] = {
  kind: 'secure',
  clipNorm: 20,
  clipValue: 2,
  minSurvivors: 3,
  weights: 'by-examples',
  maxExamples: 64,
};

/** What the aggregator adds to the first coordinate. */
const FORGED = 4000;

function wrongSum({ plan, hub }: WorldParts): NodeLies {
  return {
    sum: ({ sum }, job) => {
      const values = parseUint32(sum)!.slice();
      values[0]! += FORGED;
      const forged = encodeNumbers(values);
      return { sum: forged, model: nextModel(plan, hub.blobs.get(job.model)!, forged, job.uploads.length)! };
    },
  };
}

/** Adds ⟨r, forged⟩ to the member's products, so that the check passes: only a replay shows the wrong sum now. */
function helpWrongSum(products: readonly number[], job: Parameters<NonNullable<NodeLies['products']>>[1]): number[] {
  const forged = new Uint32Array(PARAMETERS + Number(job.upload.quantiser.weights === 'by-examples'));
  forged[0] = FORGED;
  const extra = innerProducts(nodeCrypto, job.challenge, forged, job.upload.masks.bits);
  return products.map((product, i) => (product + extra[i]!) % CHECK_PRIME);
}

function alteredModel(
  { plan, hub }: WorldParts,
  base: Parameters<WorldParts['hub']['blobs']['get']>[0],
  sum: Uint8Array,
  survivors: number,
): Uint8Array {
  const values = parseUint32(sum)!.slice();
  values[1]! += 2000;
  return nextModel(plan, hub.blobs.get(base)!, encodeNumbers(values), survivors)!;
}

/** Says two different things in the second round. */
function equivocate(message: Unsigned): Unsigned[] {
  if (message.kind !== 'round/upload/1' || message.round !== 2) return [message];
  const root = blobRoot(blobManifestOf(Uint8Array.of(1)));
  return [message, { ...message, body: { ...message.body, root } }];
}

function corruptHub(world: World, random: SeededRandom, corrupt: readonly number[]): string {
  const lie = random.pick(hubLies);
  const members = world.contract.parties.map(({ address }) => address);
  world.hub.lies = lie.make({
    victim: members[corrupt.length]!,
    corrupt: corrupt.map((index) => world.signers[index]!),
    members,
    domain: world.domain,
    earlier: () => world.hub.log.filter(({ round }) => round < world.contract.round),
  });
  return lie.name;
}
