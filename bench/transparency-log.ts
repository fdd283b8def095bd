import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  appendedNodes,
  consistencyRanges,
  hashOfRange,
  inclusionRanges,
  type LeafRange,
  type MerkleNode,
  merkleLeafHash,
  nodesOfRange,
  nodesToAppend,
} from '@skein/core';
import { openStoredLog } from '@skein/hub';

/** The transparency log at 100,000 entries: the tree alone, and on PGlite. `node bench/transparency-log.ts` */
const ENTRIES = 100_000;
const PROOFS = 1_000;
const SINGLE = 500;
const BATCH = 1_000;
const entry = (index: number): Uint8Array => new TextEncoder().encode(`entry ${index}`.padEnd(1000, '.'));

function measure<Result>(task: () => Result): { seconds: number; result: Result } {
  const start = performance.now();
  const result = task();
  return { seconds: (performance.now() - start) / 1000, result };
}

const nodes = new Map<string, Uint8Array>();
const read = ({ level, index }: MerkleNode): Uint8Array => nodes.get(`${level}/${index}`) ?? new Uint8Array();
const hashOf = (range: LeafRange): Uint8Array => hashOfRange(nodesOfRange(range).map(read));

const grow = measure(() => {
  for (let size = 0; size < ENTRIES; size++) {
    for (const node of appendedNodes(size, merkleLeafHash(entry(size)), nodesToAppend(size).map(read))) {
      nodes.set(`${node.level}/${node.index}`, node.hash);
    }
  }
});
const prove = measure(() => {
  for (let at = 0; at < PROOFS; at++) {
    inclusionRanges(at * (ENTRIES / PROOFS), ENTRIES).map(hashOf);
    consistencyRanges(at * (ENTRIES / PROOFS) + 1, ENTRIES).map(hashOf);
  }
});
console.log(`tree in memory: ${ENTRIES} leaves of 1 kB in ${grow.seconds.toFixed(2)} s, ${nodes.size} nodes`);
console.log(`one inclusion and one consistency proof: ${((1000 * prove.seconds) / PROOFS).toFixed(3)} ms`);

const directory = await mkdtemp(join(tmpdir(), 'skein-log-'));
const log = await openStoredLog(join(directory, 'database'));
let startMs = performance.now();
for (let size = 0; size < ENTRIES - SINGLE; size += BATCH) {
  await log.append(Array.from({ length: Math.min(BATCH, ENTRIES - SINGLE - size) }, (_, at) => entry(size + at)));
}
console.log(
  `PGlite: ${ENTRIES - SINGLE} entries in transactions of ${BATCH}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`,
);
startMs = performance.now();
for (let at = 0; at < SINGLE; at++) await log.append([entry(ENTRIES - SINGLE + at)]);
console.log(`PGlite: one entry in a transaction of its own: ${((performance.now() - startMs) / SINGLE).toFixed(2)} ms`);
startMs = performance.now();
for (let at = 0; at < PROOFS; at++) await log.inclusionProof(at * (ENTRIES / PROOFS), ENTRIES);
console.log(
  `PGlite: one inclusion proof at ${ENTRIES} entries: ${((performance.now() - startMs) / PROOFS).toFixed(2)} ms`,
);
startMs = performance.now();
for (let at = 0; at < 100; at++) await log.state();
console.log(`PGlite: the root at ${ENTRIES} entries: ${((performance.now() - startMs) / 100).toFixed(2)} ms`);
await log.close();
await rm(directory, { recursive: true });
