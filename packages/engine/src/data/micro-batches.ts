import { createRandom } from '../random.ts';
import type { MicroBatch } from '../train/differentiable-model.ts';
import { packExamples } from './pack-examples.ts';
import type { TokenizedExample } from './tokenized-example.ts';

/** Rows are padded to a multiple of this, so that a run needs few different shapes, each of which is a graph to open. */
const DEFAULT_BUCKET = 32;

/**
 * Which examples share a row: none; those of a batch, where that takes fewer positions, so that every step has the same
 * examples as without; or as many as fit, where `batch` counts the filled rows.
 */
export type Packing = 'none' | 'batch' | 'rows';

export const PACKINGS = ['none', 'batch', 'rows'] as const satisfies readonly Packing[];

export interface MicroBatchOptions {
  /** Rows of a micro-batch, or its examples where they share rows; the last one of an epoch may have fewer. */
  readonly batch: number;
  /** Longest row, in tokens. */
  readonly length: number;
  readonly packing: Packing;
  /** The order of one epoch; null keeps the order of the examples (evaluation). */
  readonly shuffle: { readonly seed: number; readonly epoch: number } | null;
  /** 32 by default. */
  readonly bucket?: number;
}

type Row = readonly TokenizedExample[];

/**
 * Lays examples out as the model takes them. Every counted token is the target of the position before it, exactly once
 * an epoch; nothing crosses from one example into another. Filled rows all have one length, others the bucket of the
 * longest in their micro-batch; neither exceeds `length`. Equal arguments give equal batches.
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
  const rows = packing === 'rows' ? packExamples(order, { length }) : order.map((example) => [example]);
  // Packing sorted the examples by length again.
  if (packing === 'rows') random?.shuffle(rows);

  const filledLength = packing === 'rows' ? bucketOf(rows, { length, step: bucket }) : null;
  const batches: MicroBatch[] = [];
  for (let start = 0; start < rows.length; start += batch) {
    const some = rows.slice(start, start + batch);
    const apart = { rows: some, length: filledLength ?? bucketOf(some, { length, step: bucket }) };
    const best = packing === 'batch' ? sharedOrApart(apart, { length, bucket }) : apart;
    batches.push(layOut(best.rows, best.length));
  }
  return batches;
}

interface Layout {
  readonly rows: readonly Row[];
  readonly length: number;
}

/** Rows that the examples of a batch share, where they take fewer positions. */
function sharedOrApart(apart: Layout, { length, bucket }: { length: number; bucket: number }): Layout {
  const rows = packExamples(apart.rows.flat(), { length });
  // Sums of lengths vary more than the longest; wider steps for longer rows keep the number of shapes small.
  const step = bucket * 2 ** Math.max(0, Math.floor(Math.log2(longestOf(rows) / (4 * bucket))));
  const shared = { rows, length: bucketOf(rows, { length, step }) };
  return shared.rows.length * shared.length < apart.rows.length * apart.length ? shared : apart;
}

function bucketOf(rows: readonly Row[], { length, step }: { length: number; step: number }): number {
  const longest = longestOf(rows);
  if (longest > length) throw new RangeError(`an example has ${longest} tokens, a row only ${length}`);
  return Math.min(length, Math.ceil(longest / step) * step);
}

function longestOf(rows: readonly Row[]): number {
  return rows.reduce((max, row) => Math.max(max, tokensOf(row)), 0);
}

function layOut(rows: readonly Row[], length: number): MicroBatch {
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

function tokensOf(row: Row): number {
  return row.reduce((sum, example) => sum + example.ids.length, 0);
}
