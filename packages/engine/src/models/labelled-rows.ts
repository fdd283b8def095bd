import { float32, int32, type Tensors } from '../tensor.ts';

/** Every shape of a graph is a session of its own, so rows are counted in quarters of a batch. */
const STEPS = 4;

/** How many rows of logits a batch needs, rounded up so that few graphs do for all batches. */
export function labelledCount(targets: Int32Array): number {
  const step = Math.ceil(targets.length / STEPS);
  const count = targets.reduce((sum, target) => sum + (target < 0 ? 0 : 1), 0);
  return Math.min(targets.length, step * Math.max(1, Math.ceil(count / step)));
}

/**
 * Targets and weights of the rows that count, filled up to `count` with rows at weight 0, and where these are not all
 * rows, their places. A row that does not count has target −1.
 */
export function labelledFeeds(targets: Int32Array, count: number, lossWeight: number): Tensors {
  const all = count === targets.length;
  const places = all ? [...targets.keys()] : [...targets.keys()].filter((row) => (targets[row] as number) >= 0);
  const own = Int32Array.from({ length: count }, (_, i) => places[i] ?? 0);
  const isLabel = (i: number) => i < places.length && (targets[own[i] as number] as number) >= 0;
  return {
    targets: int32(
      [count],
      own.map((row, i) => (isLabel(i) ? (targets[row] as number) : 0)),
    ),
    weights: float32(
      [count, 1],
      Float32Array.from(own, (_, i) => (isLabel(i) ? lossWeight : 0)),
    ),
    ...(!all && { labelled: int32([count], own) }),
  };
}
