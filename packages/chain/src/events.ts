import { type Abi, type Address, type ContractEventName, type Hash, type Log, parseEventLogs } from 'viem';
import type { Chain } from './chain.ts';
import { contractError } from './contract-error.ts';
import { allianceAbi } from './generated/alliance-abi.ts';
import { registryAbi } from './generated/registry-abi.ts';
import { stakingAbi } from './generated/staking-abi.ts';

/** Blocks to look through, both ends included. A node may refuse long ranges: a few thousand pass everywhere. */
export interface BlockRange {
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
}

/** One decoded event and where it stands; in the order of the chain. */
export type ChainEvent<A extends Abi> = Log<bigint, number, false, undefined, true, A, ContractEventName<A>>;

export type AllianceEvent = ChainEvent<typeof allianceAbi>;
export type StakingEvent = ChainEvent<typeof stakingAbi>;
export type RegistryEvent = ChainEvent<typeof registryAbi>;

/** What happened to alliances: `eventName` and `args` of each event, typed together. */
export function allianceEvents(chain: Chain, range: BlockRange): Promise<AllianceEvent[]> {
  return eventsOf(chain, { address: chain.book.alliance, abi: allianceAbi }, range);
}

export function stakingEvents(chain: Chain, range: BlockRange): Promise<StakingEvent[]> {
  return eventsOf(chain, { address: chain.book.staking, abi: stakingAbi }, range);
}

export function registryEvents(chain: Chain, range: BlockRange): Promise<RegistryEvent[]> {
  return eventsOf(chain, { address: chain.book.registry, abi: registryAbi }, range);
}

/** A block's place and name: a cursor keeps both, since a chain can come back shorter, or other, than it was. */
export interface BlockHead {
  readonly number: bigint;
  readonly hash: Hash;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** The newest block, or the one with a number. @returns undefined for a number that the chain hasn't reached */
export async function readBlock(chain: Chain, number?: bigint): Promise<BlockHead | undefined> {
  await chain.verify();
  try {
    const newest = await chain.client.getBlock();
    if (number !== undefined && number > newest.number) return undefined;
    const block = number === undefined ? newest : await chain.client.getBlock({ blockNumber: number });
    return { number: block.number, hash: block.hash, timestamp: Number(block.timestamp) };
  } catch (error) {
    throw contractError(chain, 'reading a block', error);
  }
}

async function eventsOf<const A extends Abi>(
  chain: Chain,
  { address, abi }: { address: Address; abi: A },
  { fromBlock, toBlock }: BlockRange,
): Promise<ChainEvent<A>[]> {
  await chain.verify();
  try {
    const logs = await chain.client.getLogs({ address, fromBlock, toBlock });
    return parseEventLogs({ abi, logs, strict: true }) as unknown as ChainEvent<A>[];
  } catch (error) {
    throw contractError(chain, 'reading events', error);
  }
}
