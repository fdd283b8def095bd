import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '@skein/alliance';
import type { NodeConfig } from '../config/node-config.ts';
import { allianceFolder, readMemberships } from '../daemon/membership.ts';
import { readOutcomes, type RoundOutcomes } from '../daemon/round-folder.ts';
import { openNode } from '../open-node.ts';

export interface AllianceStatus {
  readonly alliance: string;
  readonly name: string;
  readonly address: Address;
  readonly left: boolean;
  /** The last round that the node has begun; null before the first. */
  readonly round: number | null;
  /** What of it is done. */
  readonly done: readonly (keyof RoundOutcomes)[];
}

export interface NodeStatus {
  readonly address: Address;
  readonly olderAddresses: readonly Address[];
  readonly config: NodeConfig;
  readonly alliances: readonly AllianceStatus[];
  /** Files under evidence/. */
  readonly evidence: readonly string[];
}

/** What a node's directory tells of it, whether it runs or not. Asks nobody. */
export async function nodeStatus(directory: string): Promise<NodeStatus> {
  const { config, keys } = await openNode(directory);
  const alliances: AllianceStatus[] = [];
  for (const { alliance, plan, address, left } of await readMemberships(directory)) {
    const folder = allianceFolder(directory, alliance);
    const rounds = (await readdir(join(folder, 'rounds')).catch(() => [])).map(Number);
    const round = rounds.length === 0 ? null : Math.max(...rounds);
    const outcomes = round === null ? {} : await readOutcomes(folder, round);
    const done = Object.keys(outcomes) as (keyof RoundOutcomes)[];
    alliances.push({ alliance, name: plan.name, address, left, round, done });
  }
  const evidence = await readdir(join(directory, 'evidence')).catch(() => []);
  return { address: keys.current, olderAddresses: keys.older, config, alliances, evidence };
}
