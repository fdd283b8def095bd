import { type Address, memberStateSchema, type Message } from '@skein/alliance';
import type { Digest } from '@skein/core';
import { type Keyring, removeMasks, sumBits, toHex, unpackBits } from '@skein/privacy';
import { nodeCrypto } from '@skein/privacy/node';
import type { NodeModel } from './node-model.ts';
import type { World } from './world.ts';

/** What all corrupt parties together hold of a round. */
export interface Loot {
  readonly round: number;
  readonly cohort: readonly Address[];
  readonly honest: readonly Address[];
  readonly keyring: Keyring;
  /** Secrets that could be put together from shares, or were the coalition's own; hexadecimal. */
  readonly selfSeeds: ReadonlyMap<Address, string>;
  readonly maskSecrets: ReadonlyMap<Address, string>;
  /** Roots of uploads that were announced and stored. */
  readonly uploads: ReadonlyMap<Address, Digest>;
}

/**
 * Gathers shares from everything that was ever signed (also what the hub refused to store) and from the disks of the
 * corrupt members, and puts together every secret for which there are enough.
 */
export async function gatherLoot(world: World, round: number, corrupt: readonly Address[]): Promise<Loot | undefined> {
  const states = new Map(
    world.nodes.flatMap((node) => {
      const json = node.disk.history.get(round);
      return json === undefined ? [] : [[node.self, memberStateSchema.parse(JSON.parse(json))] as const];
    }),
  );
  const masked = [...states.values()].find(({ cohort, privacy }) => cohort !== null && privacy?.shared !== undefined);
  if (masked === undefined) return undefined;
  const cohort = masked.cohort!;
  const { keyring } = masked.privacy!.shared!;
  const threshold = masked.privacy!.shared!.thresholds.shares;
  const signed = world.nodes.flatMap((node) =>
    [...node.disk.signed.values()].map((bytes) => JSON.parse(bytes) as Message),
  );
  const secrets = async (kind: 'selfSeed' | 'maskSecret') => {
    const found = new Map<Address, string>();
    for (const dealer of cohort) {
      const own = states.get(dealer)?.privacy?.secrets[kind];
      if (corrupt.includes(dealer) && own !== undefined) found.set(dealer, own);
      const shares = new Set<string>();
      for (const member of corrupt) {
        const opened = states.get(member)?.privacy?.received?.opened[dealer];
        if (opened !== undefined) shares.add(opened[kind]);
      }
      for (const message of signed) {
        if (message.kind !== 'round/unmask/1' || message.round !== round) continue;
        const share = message.body[kind === 'selfSeed' ? 'selfSeeds' : 'maskSecrets'][dealer];
        if (share !== undefined) shares.add(share.slice(2));
      }
      if (shares.size < threshold) continue;
      const bytes = [...shares].slice(0, threshold).map((share) => new Uint8Array(Buffer.from(share, 'hex')));
      found.set(dealer, toHex(await nodeCrypto.combineShares(bytes)));
    }
    return found;
  };
  const uploads = new Map<Address, Digest>();
  for (const message of signed) {
    if (message.kind !== 'round/upload/1' || message.round !== round) continue;
    const node = world.nodes.find(({ self }) => self === message.sender)!;
    if (node.disk.blobs.has(message.body.root)) uploads.set(message.sender, message.body.root);
  }
  return {
    round,
    cohort,
    honest: cohort.filter((address) => !corrupt.includes(address)),
    keyring,
    selfSeeds: await secrets('selfSeed'),
    maskSecrets: await secrets('maskSecret'),
    uploads,
  };
}

/**
 * The groups of honest members whose sum the loot gives: members hang together where they share a mask that nobody else
 * knows, and a group falls when all its members' own masks are known.
 */
export function computableGroups(loot: Loot): Address[][] {
  const { honest, selfSeeds, maskSecrets, uploads } = loot;
  const isHidden = (a: Address, b: Address) => !maskSecrets.has(a) && !maskSecrets.has(b);
  const left = new Set(honest);
  const groups: Address[][] = [];
  for (const start of honest) {
    if (!left.delete(start)) continue;
    const group = [start];
    for (const member of group) {
      for (const other of honest)
        if (left.has(other) && isHidden(member, other)) group.push((left.delete(other), other));
    }
    if (group.every((member) => selfSeeds.has(member) && uploads.has(member))) groups.push(group);
  }
  return groups;
}

/** Takes off an upload every mask that the loot gives. @returns what remains: the values themselves if it was enough */
export function attemptToUnmask(loot: Loot, victim: Address, node: NodeModel): Uint32Array | undefined {
  const root = loot.uploads.get(victim);
  const blob = root && node.disk.blobs.get(root);
  if (blob === undefined) return undefined;
  const bits = sumBits(loot.cohort.length);
  const count = Math.floor((blob.length * 8) / bits);
  const values = unpackBits(blob.subarray(0, Math.ceil((count * bits) / 8)), bits, count);
  const known = loot.cohort.filter((peer) => peer !== victim && loot.maskSecrets.has(peer));
  const unknownSeed = '00'.repeat(32);
  const plan = {
    context: { alliance: '1', round: loot.round, attempt: 0 },
    keyring: loot.keyring,
    survivors: [victim],
    dropouts: known,
    opened: {
      selfSeeds: { [victim]: loot.selfSeeds.get(victim) ?? unknownSeed },
      maskSecrets: Object.fromEntries(known.map((peer) => [peer, loot.maskSecrets.get(peer)!])),
    },
    bits,
  };
  for (const _ of removeMasks(nodeCrypto, values, plan));
  return values;
}
