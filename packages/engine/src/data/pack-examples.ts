import type { TokenizedExample } from './tokenized-example.ts';

/**
 * Puts examples into rows of at most `length` tokens, each example whole, by best fit in order of decreasing length:
 * at most 11/9 of the fewest possible rows, and half a row more (D. S. Johnson, "Near-optimal bin packing algorithms",
 * MIT 1973). Deterministic: examples of one length go in the order given.
 * @throws RangeError for an example longer than `length`; shorten or drop those before.
 */
export function packExamples(
  examples: readonly TokenizedExample[],
  { length }: { readonly length: number },
): TokenizedExample[][] {
  const rows: TokenizedExample[][] = [];
  // rowsByRoom[r]: the rows with room for r more tokens, so that the tightest fit is the first one from an example's length on.
  const rowsByRoom: TokenizedExample[][][] = Array.from({ length: length + 1 }, () => []);
  const longestFirst = [...examples].sort((a, b) => b.ids.length - a.ids.length);
  for (const example of longestFirst) {
    const size = example.ids.length;
    if (size > length) throw new RangeError(`an example has ${size} tokens, a row only ${length}`);
    let room = size;
    while (room < length && rowsByRoom[room]?.length === 0) room++;
    let row = rowsByRoom[room]?.pop();
    if (row === undefined) {
      row = [];
      rows.push(row);
      room = length;
    }
    row.push(example);
    rowsByRoom[room - size]?.push(row);
  }
  return rows;
}
