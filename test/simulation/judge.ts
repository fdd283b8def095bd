import {
  type Address,
  applyRule,
  blobManifestOf,
  blobRoot,
  encodeFloat32,
  encodeNumbers,
  memberStateSchema,
  nextModel,
  orderAddresses,
  quantiserOf,
} from '@skein/alliance';
import type { Digest } from '@skein/core';
import { quantise } from '@skein/privacy';
import { nodeCrypto } from '@skein/privacy/node';
import { attemptToUnmask, computableGroups, gatherLoot } from './coalition.ts';
import type { NodeModel } from './node-model.ts';
import type { World } from './world.ts';

/** What came of a world, and every promise that it broke. */
export interface Judgement {
  readonly broken: string[];
  readonly rounds: Record<'accepted' | 'kept' | 'failed', number>;
  /** Wrong sums that passed because nobody replayed: only with a member's help, and only in cohorts over five. */
  readonly unseenSums: number;
  /** For what bonds were lost. */
  readonly punished: readonly string[];
}

/** Judges a world that has ended. @param corrupt nodes that cheated, one way or another */
export async function judge(world: World, corrupt: readonly Address[]): Promise<Judgement> {
  const broken: string[] = [];
  const rounds = { accepted: 0, kept: 0, failed: 0 };
  let unseenSums = 0;
  let base = world.plan.initialModel;
  for (const closed of world.contract.closed) {
    rounds[closed.status] += 1;
    const expected = closed.status === 'accepted' ? expectedModel(world, base, closed.round, closed.survivors) : base;
    if (closed.model !== expected) {
      // In small cohorts everybody replays, and without a member's help the check shows it.
      const isHelped = closed.cohort > 5 && closed.survivors.some((address) => corrupt.includes(address));
      if (isHelped && !wasReplayed(world, closed.round, corrupt)) unseenSums += 1;
      else broken.push(`round ${closed.round}: the model is ${closed.model}, it should be ${expected}`);
    }
    base = closed.model;
    broken.push(...(await revealed(world, closed.round, corrupt)));
  }
  broken.push(...lostMoney(world), ...punishedHonest(world, corrupt));
  return { broken, rounds, unseenSums, punished: world.contract.slashings.map(({ why }) => why) };
}

/** What the survivors' true updates give, computed without any mask. */
function expectedModel(world: World, base: Digest, round: number, survivors: readonly Address[]): Digest {
  const { plan, hub } = world;
  const nodes = orderAddresses(survivors).map((address) => world.nodes.find(({ self }) => self === address)!);
  const updates = nodes.map((node) => node.updates.get(round)!);
  const { aggregation } = plan;
  const sum =
    aggregation.kind === 'clear'
      ? encodeFloat32(applyRule(aggregation.rule, updates))
      : encodeNumbers(sumOf(nodes.map((node) => valuesOf(world, node, round))));
  return blobRoot(blobManifestOf(nextModel(plan, hub.blobs.get(base)!, sum, survivors.length)!));
}

/** A member's update as it was quantised under the masks. */
function valuesOf({ plan }: World, node: NodeModel, round: number): Uint16Array {
  if (plan.aggregation.kind !== 'secure') throw new RangeError('Only secure rounds have masks');
  const { quantiserSeed } = memberStateSchema.parse(JSON.parse(node.disk.history.get(round)!));
  const input = { seed: quantiserSeed, examples: node.examples };
  return quantise(nodeCrypto, node.updates.get(round)!, quantiserOf(plan.aggregation), input);
}

function sumOf(vectors: readonly Uint16Array[]): Uint32Array {
  const sum = new Uint32Array(vectors[0]!.length);
  for (const values of vectors) for (const [i, value] of values.entries()) sum[i]! += value;
  return sum;
}

/** Whether some honest member replayed the sum that was accepted. */
function wasReplayed(world: World, round: number, corrupt: readonly Address[]): boolean {
  const sums = world.hub.log.flatMap((m) => (m.kind === 'round/sum/1' && m.round === round ? [m.body.sum] : []));
  return world.nodes.some((node) => !corrupt.includes(node.self) && sums.some((sum) => node.replayed.has(sum)));
}

async function revealed(world: World, round: number, corrupt: readonly Address[]): Promise<string[]> {
  const loot = await gatherLoot(world, round, corrupt);
  if (loot === undefined) return [];
  const broken: string[] = [];
  for (const address of loot.honest) {
    if (loot.selfSeeds.has(address) && loot.maskSecrets.has(address)) {
      broken.push(`round ${round}: both secrets of ${address} were opened`);
    }
  }
  const signed = survivorsSigned(world, round);
  for (const group of computableGroups(loot)) {
    const honestSurvivors = loot.honest.filter((address) => signed.has(address));
    if (group.length < 2 || group.length !== honestSurvivors.length) {
      broken.push(`round ${round}: the sum of ${group.length} of ${honestSurvivors.length} honest members is known`);
    }
  }
  for (const address of loot.honest) {
    const node = world.nodes.find(({ self }) => self === address)!;
    const rest = attemptToUnmask(loot, address, node);
    if (rest === undefined) continue;
    const truth = valuesOf(world, node, round);
    const hits = truth.reduce((count, value, i) => count + Number(value === rest[i]), 0);
    if (hits > truth.length / 2) broken.push(`round ${round}: ${address} was unmasked`);
  }
  return broken;
}

/** Honest survivors of the one set that a quorum signed. */
function survivorsSigned(world: World, round: number): Set<Address> {
  const opened = world.nodes.flatMap((node) => {
    const json = node.disk.history.get(round);
    const state = json === undefined ? null : memberStateSchema.parse(JSON.parse(json));
    return state?.said.some(({ kind }) => kind === 'round/unmask/1') ? [state] : [];
  });
  const set = BigInt(opened[0]?.survivors?.survivors ?? '0');
  return new Set(
    world.contract.parties.filter(({ index }) => (set >> BigInt(index)) & 1n).map(({ address }) => address),
  );
}

function lostMoney({ contract }: World): string[] {
  return Object.entries(contract.books()).flatMap(([name, [inside, outside]]) =>
    inside === outside ? [] : [`${name}: ${inside} went in, ${outside} are there`],
  );
}

/** Honest parties lose nothing, but for a vote that its own machine could not reveal because it was down. */
function punishedHonest({ contract, nodes }: World, corrupt: readonly Address[]): string[] {
  return contract.slashings.flatMap(({ account, why, at }) => {
    if (corrupt.includes(account)) return [];
    const node = nodes.find(({ self }) => self === account);
    const wasDown = node?.downTimes.some(([from, to]) => from <= at && to >= at - 60);
    return why === 'unrevealed vote' && wasDown ? [] : [`${account} was punished for ${why}`];
  });
}
