import {
  type AllianceEvent,
  allianceEvents,
  type BlockHead,
  type BlockRange,
  type Chain,
  readBlock,
  type StakingEvent,
  stakingEvents,
} from '@skein/chain';
import { BLOCKS_PER_QUERY } from '../limits.ts';
import { type Database, readOnce, transact, type Write } from '../storage/database.ts';

/** What a look at the chain brought. */
export interface Indexed {
  readonly head: BlockHead;
  /** Alliances of which something happened; all of them where a stake changed or the chain has gone back. */
  readonly changed: ReadonlySet<string> | 'all';
  /** The chain was shorter than, or other than, what was indexed of it. */
  readonly rewound: boolean;
}

/** Stakes belong to no alliance, and decide in all of them who may add up. */
const STAKING = 'staking';

type StoredBlock = { readonly number: number; readonly hash: string };

/**
 * Brings the stored events up to the head of the chain, range by range, each with its cursor in one transaction. Where
 * the chain no longer has the block of the cursor (an embedded chain that was restarted from an older state, a
 * reorganisation), everything after the last common block is dropped and indexed again.
 * @throws BaseError `chain/unreachable` …; what was stored before stays
 */
export async function indexChain(db: Database, chain: Chain): Promise<Indexed> {
  const head = await readBlock(chain);
  if (head === undefined) throw new TypeError('A chain has a newest block');
  let cursor = await readOnce(db, 'last block', () => lastBlock(db));
  let rewound = false;
  if (cursor !== undefined && !(await isOnChain(chain, cursor, head))) {
    cursor = await rewind(db, chain, head);
    rewound = true;
  }
  const changed = new Set<string>();
  const last = Number(head.number);
  for (let from = cursor === undefined ? chain.book.deployedAtBlock : cursor.number + 1; from <= last; ) {
    const to = Math.min(from + BLOCKS_PER_QUERY - 1, last);
    const events = await readRange(chain, { fromBlock: BigInt(from), toBlock: BigInt(to) });
    // The chain went another way while it was read: the next look finds out where.
    if (events === undefined) break;
    await transact(db, (write) => store(write, events));
    for (const { alliance } of events.rows) changed.add(alliance ?? STAKING);
    from = to + 1;
  }
  return { head, changed: rewound || changed.has(STAKING) ? 'all' : changed, rewound };
}

async function lastBlock(db: Database, below = Number.MAX_SAFE_INTEGER): Promise<StoredBlock | undefined> {
  const blocks = db.selectFrom('chain_blocks').selectAll().where('number', '<', below);
  return blocks.orderBy('number', 'desc').limit(1).executeTakeFirst();
}

async function isOnChain(chain: Chain, block: StoredBlock, head: BlockHead): Promise<boolean> {
  if (block.number > Number(head.number)) return false;
  if (block.number === Number(head.number)) return block.hash === head.hash;
  return (await readBlock(chain, BigInt(block.number)))?.hash === block.hash;
}

/** Drops what stands on blocks that the chain no longer has. @returns the last common block, if there is one. */
async function rewind(db: Database, chain: Chain, head: BlockHead): Promise<StoredBlock | undefined> {
  let common = await lastBlock(db);
  while (common !== undefined && !(await isOnChain(chain, common, head))) common = await lastBlock(db, common.number);
  const above = common?.number ?? -1;
  await transact(db, async (write) => {
    await write.deleteFrom('chain_events').where('block', '>', above).execute();
    await write.deleteFrom('chain_blocks').where('number', '>', above).execute();
    // What was anchored may be lost with the blocks; anchoring again finds it done where it isn't.
    await write.deleteFrom('log_anchors').execute();
  });
  return common;
}

interface EventRow {
  readonly block: number;
  readonly position: number;
  readonly alliance: string | null;
  readonly name: string;
  readonly time: number;
  readonly args: string;
}

interface Range {
  readonly rows: readonly EventRow[];
  /** Blocks with events, and the last of the range. */
  readonly blocks: ReadonlyMap<number, string>;
}

/** The events of a range, or undefined where its end changed while it was read. */
async function readRange(chain: Chain, range: BlockRange): Promise<Range | undefined> {
  const before = await readBlock(chain, range.toBlock);
  const logs = [...(await allianceEvents(chain, range)), ...(await stakingEvents(chain, range))];
  const after = await readBlock(chain, range.toBlock);
  if (before === undefined || after?.hash !== before.hash) return undefined;
  const times = new Map<bigint, number>([[after.number, after.timestamp]]);
  for (const { blockNumber } of logs) {
    if (times.has(blockNumber)) continue;
    times.set(blockNumber, (await readBlock(chain, blockNumber))?.timestamp ?? 0);
  }
  const blocks = new Map(logs.map((log) => [Number(log.blockNumber), log.blockHash as string]));
  blocks.set(Number(after.number), after.hash);
  return { blocks, rows: logs.map((log) => toRow(log, times.get(log.blockNumber) ?? 0)) };
}

function toRow(log: AllianceEvent | StakingEvent, time: number): EventRow {
  const args = log.args as Record<string, unknown>;
  return {
    block: Number(log.blockNumber),
    position: log.logIndex,
    alliance: typeof args['id'] === 'bigint' ? String(args['id']) : null,
    name: log.eventName,
    time,
    args: JSON.stringify(args, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  };
}

async function store(write: Write, { rows, blocks }: Range): Promise<void> {
  if (rows.length > 0) {
    await write
      .insertInto('chain_events')
      .values([...rows])
      .execute();
  }
  const values = [...blocks].map(([number, hash]) => ({ number, hash }));
  // Where nothing happened, one block of the cursor is enough.
  await write
    .deleteFrom('chain_blocks')
    .where('number', '>=', Math.min(...blocks.keys()))
    .execute();
  await write.insertInto('chain_blocks').values(values).execute();
}
