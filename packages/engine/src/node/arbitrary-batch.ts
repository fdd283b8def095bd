import type { MicroBatch } from '../train/differentiable-model.ts';

/** Rows of arbitrary ids, in which every position but the last is labelled. */
export function arbitraryBatch({
  batch = 1,
  length,
  vocabulary,
}: {
  readonly batch?: number;
  readonly length: number;
  readonly vocabulary: number;
}): MicroBatch {
  const inputIds = Int32Array.from({ length: batch * length }, (_, i) => (i * 7919 + 13) % vocabulary);
  return {
    batch,
    length,
    inputIds,
    positions: inputIds.map((_, i) => i % length),
    segments: new Int32Array(batch * length).fill(1),
    targets: inputIds.map((_, i) => (i % length === length - 1 ? -1 : (inputIds[i + 1] as number))),
    targetCount: batch * (length - 1),
  };
}
