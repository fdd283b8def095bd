import { createRandom } from '../random.ts';
import type { MicroBatch } from '../train/differentiable-model.ts';
import { packExamples } from './pack-examples.ts';
import type { TokenizedExample } from './tokenized-example.ts';

/** Rows are padded to a multiple of this, so that a run needs few different shapes, each of which is a graph to open. */
const DEFAULT_BUCKET = 32;

export interface MicroBatchOptions {
  /** Rows of a micro-batch; the last one of an epoch may have fewer. */
  readonly batch: number;
  /** Longest row, in tokens. */
  readonly length: number;
  /** Several examples in a row, or one. */
  readonly packing: boolean;
  /** The order of one epoch; null keeps the order of the examples (evaluation). */
  readonly shuffle: { readonly seed: number; readonly epoch: number } | null;
  /** 32 by default. */
  readonly bucket?: number;
}

/**
 * Lays examples out as the model takes them. Every counted token is the target of the position before it, exactly once
 * an epoch; nothing crosses from one example into another. Packed rows all have one length, others the bucket of the
 * longest example in their micro-batch; neither exceeds `length`. Equal arguments give equal batches.
 * @throws RangeError for an example longer than `length`, or sizes that are no positive integers.
 */
export function toMicroBatches(examples: readonly TokenizedExample[], options: MicroBatchOptions): MicroBatch[] {
  const { batch, length, packing, shuffle, bucket = DEFAULT_BUCKET } = options;
  for (const [name, value] of Object.entries({ batch, length, bucket })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a positive integer, not ${value}`);
  }
  const random = shuffle === null ? null : createRandom(shuffle.seed, shuffle.epoch);
  const order = [...examples];
  random?.shuffle(order);
  const rows = packing ? packExamples(order, { length }) : order.map((example) => [example]);
  // Packing sorted the examples by length again.
  if (packing) random?.shuffle(rows);

  const bucketOf = (some: readonly TokenizedExample[][]): number => {
    const longest = some.reduce((max, row) => Math.max(max, tokensOf(row)), 0);
    if (longest > length) throw new RangeError(`an example has ${longest} tokens, a row only ${length}`);
    return Math.min(length, Math.ceil(longest / bucket) * bucket);
  };
  const packedLength = packing ? bucketOf(rows) : null;
  const batches: MicroBatch[] = [];
  for (let start = 0; start < rows.length; start += batch) {
    const some = rows.slice(start, start + batch);
    batches.push(layOut(some, packedLength ?? bucketOf(some)));
  }
  return batches;
}

function layOut(rows: readonly TokenizedExample[][], length: number): MicroBatch {
  const size = rows.length * length;
  const inputIds = new Int32Array(size);
  const positions = new Int32Array(size);
  const segments = new Int32Array(size);
  const targets = new Int32Array(size).fill(-1);
  let targetCount = 0;
  for (const [rowIndex, row] of rows.entries()) {
    let offset = rowIndex * length;
    for (const [index, { ids, counted }] of row.entries()) {
      inputIds.set(ids, offset);
      segments.fill(index + 1, offset, offset + ids.length);
      for (let t = 0; t < ids.length; t++) {
        positions[offset + t] = t;
        if (t === 0 || counted[t] !== 1) continue;
        targets[offset + t - 1] = ids[t] as number;
        targetCount++;
      }
      offset += ids.length;
    }
  }
  return { batch: rows.length, length, inputIds, positions, segments, targets, targetCount };
}

function tokensOf(row: readonly TokenizedExample[]): number {
  return row.reduce((sum, example) => sum + example.ids.length, 0);
}
