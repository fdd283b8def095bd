import { leaveAlliance as leave, readAlliance } from '@skein/chain';
import { BaseError } from '@skein/core';
import { openChain, openHub, readInfo } from '../connect.ts';
import { readMembership, writeMembership } from '../daemon/membership.ts';
import { openNode } from '../open-node.ts';

/**
 * Leaves an alliance between two rounds, and frees the stake. The daemon stops work on it by itself.
 * @throws BaseError `node/not-joined`; `node/alliance-over`; `chain/round-in-progress` while a round is open
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
  const status = (await readAlliance(chain, BigInt(alliance)))?.status;
  if (status === 'finished' || status === 'cancelled') {
    throw new BaseError('node/alliance-over', `Alliance ${alliance} is ${status}: there is nothing to leave.`, {
      info: { alliance, status },
      hints: ['Its bonds are free and its earnings are yours already: "skein stake withdraw" pays them out.'],
    });
  }
  await leave(chain, { alliance: BigInt(alliance), signal });
  await writeMembership(directory, { ...membership, left: true });
}
