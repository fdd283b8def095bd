import { leaveAlliance as leave } from '@skein/chain';
import { BaseError } from '@skein/core';
import { openChain, openHub, readInfo } from '../connect.ts';
import { readMembership, writeMembership } from '../daemon/membership.ts';
import { openNode } from '../open-node.ts';

/**
 * Leaves an alliance between two rounds, and frees the stake. The daemon stops work on it by itself.
 * @throws BaseError `node/not-joined`; `chain/round-in-progress` while a round is open
 */
export async function leaveAlliance(directory: string, alliance: string, signal?: AbortSignal): Promise<void> {
  const membership = await readMembership(directory, alliance);
  if (membership === null) {
    throw new BaseError('node/not-joined', `This node has not joined alliance ${alliance}.`, {
      hints: ['The folder alliances/ of the node names those that it has joined.'],
    });
  }
  const { config, keys } = await openNode(directory);
  const info = await readInfo(directory, openHub(config, signal));
  const chain = openChain(config, info, await keys.account(membership.address));
  await leave(chain, { alliance: BigInt(alliance), signal });
  await writeMembership(directory, { ...membership, left: true });
}
