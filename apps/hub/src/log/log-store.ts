import {
  appendedNodes,
  consistencyRanges,
  type Digest,
  digestFromHash,
  hashOfRange,
  inclusionRanges,
  type LeafRange,
  type LogState,
  type MerkleNode,
  merkleLeafHash,
  merkleRoot,
  nodesOfRange,
  nodesToAppend,
} from '@skein/core';
import type { Kysely } from 'kysely';
import type { Write } from '../storage/database.ts';
import type { Tables } from '../storage/tables.ts';

type Reader = Kysely<Tables>;

/** Entries of the log. */
export async function logSize(db: Reader): Promise<number> {
  const row = await db.selectFrom('log_entries').select('index').orderBy('index', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? 0 : row.index + 1;
}

/**
 * Appends entries, and the tree's nodes that they complete: about two small rows for an entry.
 * @returns the index of the first.
 */
export async function appendToLog(write: Write, entries: readonly Uint8Array[]): Promise<number> {
  const size = await logSize(write);
  // The complete subtrees of the present tree hold every neighbour that a new leaf can need.
  const known = await readNodes(write, nodesOfRange({ start: 0, end: size }));
  const nodes: { level: number; index: number; hash: Uint8Array }[] = [];
  for (const [offset, data] of entries.entries()) {
    const neighbours = nodesToAppend(size + offset).map((node) => lookUp(known, node));
    for (const node of appendedNodes(size + offset, merkleLeafHash(data), neighbours)) {
      known.set(nameOf(node), node.hash);
      nodes.push({ ...node });
    }
  }
  await write
    .insertInto('log_entries')
    .values(entries.map((data, offset) => ({ index: size + offset, data })))
    .execute();
  await write.insertInto('log_nodes').values(nodes).execute();
  return size;
}

/** The log's state at a size that it has had. Costs one query of at most 53 rows. */
export async function logState(db: Reader, size: number): Promise<LogState> {
  if (size === 0) return { size, root: digestFromHash(merkleRoot([])) };
  const [root] = await hashesOf(db, [{ start: 0, end: size }]);
  return { size, root: root as Digest };
}

/** @throws RangeError unless 0 ≤ index < size; the caller bounds `size`. */
export function inclusionProof(db: Reader, index: number, size: number): Promise<Digest[]> {
  return hashesOf(db, inclusionRanges(index, size));
}

/** @throws RangeError unless 1 ≤ from ≤ to; the caller bounds `to`. */
export function consistencyProof(db: Reader, from: number, to: number): Promise<Digest[]> {
  return hashesOf(db, consistencyRanges(from, to));
}

/** Entries `start` … `end` − 1, as they were hashed. */
export async function readEntries(db: Reader, start: number, end: number): Promise<Uint8Array[]> {
  const rows = await db
    .selectFrom('log_entries')
    .select('data')
    .where('index', '>=', start)
    .where('index', '<', end)
    .orderBy('index')
    .execute();
  return rows.map(({ data }) => data);
}

async function hashesOf(db: Reader, ranges: readonly LeafRange[]): Promise<Digest[]> {
  const nodes = await readNodes(db, ranges.flatMap(nodesOfRange));
  return ranges.map((range) => digestFromHash(hashOfRange(nodesOfRange(range).map((node) => lookUp(nodes, node)))));
}

async function readNodes(db: Reader, nodes: readonly MerkleNode[]): Promise<Map<string, Uint8Array>> {
  if (nodes.length === 0) return new Map();
  const rows = await db
    .selectFrom('log_nodes')
    .selectAll()
    .where((eb) => eb.or(nodes.map(({ level, index }) => eb('level', '=', level).and('index', '=', index))))
    .execute();
  return new Map(rows.map((row) => [nameOf(row), row.hash]));
}

function nameOf({ level, index }: MerkleNode): string {
  return `${level}/${index}`;
}

function lookUp(nodes: ReadonlyMap<string, Uint8Array>, node: MerkleNode): Uint8Array {
  const hash = nodes.get(nameOf(node));
  if (hash === undefined) throw new RangeError(`The log has no node ${nameOf(node)}`);
  return hash;
}
