/** Gives other tasks a turn: a promise of `setImmediate` in Node, a turn of a message channel in a browser. */
export type YieldControl = () => Promise<void>;

/** AdamW updates roughly 100 elements per microsecond, so a turn stays near 1 ms, and short beside a busy worker. */
export const elementsPerTurn = 1 << 17;

/**
 * Walks over all elements of `arrays` in order, in pieces, and yields after every {@link elementsPerTurn} elements so
 * that a long update never blocks the event loop. Yields nothing for fewer elements than that.
 * @param work called with (array index, first element, end); must treat every element on its own or keep its own sums.
 */
export async function forEachChunk(
  arrays: readonly ArrayLike<number>[],
  work: (arrayIndex: number, start: number, end: number) => void,
  yieldControl: YieldControl,
): Promise<void> {
  let leftInTurn = elementsPerTurn;
  for (const [arrayIndex, array] of arrays.entries()) {
    let start = 0;
    while (start < array.length) {
      const end = Math.min(array.length, start + leftInTurn);
      work(arrayIndex, start, end);
      leftInTurn -= end - start;
      start = end;
      if (leftInTurn === 0) {
        await yieldControl();
        leftInTurn = elementsPerTurn;
      }
    }
  }
}
