import type { MicroBatch } from '@skein/engine';

/** One row of arbitrary ids; every position but the last is labelled. */
export function trainingBatch(length: number, vocabulary: number): MicroBatch {
  const inputIds = Int32Array.from({ length }, (_, i) => (i * 7919 + 13) % vocabulary);
  return {
    batch: 1,
    length,
    inputIds,
    positions: Int32Array.from(inputIds.keys()),
    segments: new Int32Array(length).fill(1),
    targets: inputIds.map((_, i) => inputIds[i + 1] ?? -1),
    targetCount: length - 1,
  };
}
