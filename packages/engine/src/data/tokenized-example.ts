import type { DataSource } from './data-row.ts';

/** One example as tokens. */
export interface TokenizedExample {
  readonly source: DataSource;
  readonly ids: Int32Array;
  /** [ids.length] 1 where the model is to learn to write this token, otherwise 0; always 0 for the first, which nothing precedes. */
  readonly counted: Uint8Array;
}

/** How many tokens of an example count in the loss. */
export function countedTokens(example: Pick<TokenizedExample, 'counted'>): number {
  let count = 0;
  for (const flag of example.counted) count += flag;
  return count;
}
