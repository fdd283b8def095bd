import type { MicroBatch } from './differentiable-model.ts';

/** The micro-batches of one epoch, in its order; the same epoch must always give the same ones. */
export type BatchesOfEpoch = (epoch: number) => readonly MicroBatch[];

/** Where the run stands in its data. */
export interface DataPosition {
  /** From 0. */
  readonly epoch: number;
  /** Micro-batches of this epoch already used. */
  readonly microBatch: number;
}

export interface RunLength {
  /** Micro-batches per step; the last step of an epoch takes what is left. */
  readonly accumulationSteps: number;
  /** Whichever comes first ends the run; at least one must be given. */
  readonly maxSteps: number | null;
  readonly epochs: number | null;
}

/** Steps of the whole run. Looks through the epochs, since packing may give each its own number of micro-batches. */
export function countSteps(batchesOfEpoch: BatchesOfEpoch, length: RunLength): number {
  const maxSteps = length.maxSteps ?? Number.POSITIVE_INFINITY;
  if (length.epochs === null) return maxSteps;
  let steps = 0;
  for (let epoch = 0; epoch < length.epochs && steps < maxSteps; epoch++) {
    steps += Math.ceil(batchesOf(batchesOfEpoch, epoch).length / length.accumulationSteps);
  }
  return Math.min(steps, maxSteps);
}

/** Where a run stands after `steps` steps. Looks through the epochs before, as `countSteps` does. */
export function positionAfter(batchesOfEpoch: BatchesOfEpoch, accumulationSteps: number, steps: number): DataPosition {
  let epoch = 0;
  let left = steps;
  while (left > 0) {
    const stepsOfEpoch = Math.ceil(batchesOf(batchesOfEpoch, epoch).length / accumulationSteps);
    if (left < stepsOfEpoch) return { epoch, microBatch: left * accumulationSteps };
    left -= stepsOfEpoch;
    epoch++;
  }
  return { epoch, microBatch: 0 };
}

/** Reads windows of micro-batches in the run's order, from any position. */
export interface DataCursor {
  /** The next step's micro-batches, and where the run stands after them. */
  windowAt(position: DataPosition): { readonly window: readonly MicroBatch[]; readonly next: DataPosition };
}

/** Keeps the batches of one epoch at a time. @throws RangeError where an epoch is empty or a window has no target. */
export function createDataCursor(batchesOfEpoch: BatchesOfEpoch, accumulationSteps: number): DataCursor {
  let loaded: { readonly epoch: number; readonly batches: readonly MicroBatch[] } | null = null;
  return {
    windowAt({ epoch, microBatch }) {
      if (loaded?.epoch !== epoch) loaded = { epoch, batches: batchesOf(batchesOfEpoch, epoch) };
      const window = loaded.batches.slice(microBatch, microBatch + accumulationSteps);
      if (!window.some((batch) => batch.targetCount > 0)) {
        throw new RangeError(`Epoch ${epoch} has no labelled token in the micro-batches from ${microBatch} on`);
      }
      const end = microBatch + window.length;
      const next = end < loaded.batches.length ? { epoch, microBatch: end } : { epoch: epoch + 1, microBatch: 0 };
      return { window, next };
    },
  };
}

function batchesOf(batchesOfEpoch: BatchesOfEpoch, epoch: number): readonly MicroBatch[] {
  const batches = batchesOfEpoch(epoch);
  if (batches.length === 0) throw new RangeError(`Epoch ${epoch} has no micro-batches`);
  return batches;
}
