import { BaseError } from '@skein/core';
import type { Message } from './corpus.ts';

interface Row {
  readonly messages: readonly Message[];
}

/** A question as it counts for overlap: case, punctuation and spacing make no difference. */
const essence = (row: Row): string =>
  row.messages
    .filter(({ role }) => role === 'user')
    .map(
      ({ content }) =>
        content
          .normalize('NFKC')
          .toLowerCase()
          .match(/[\p{L}\p{N}]+/gu)
          ?.join(' ') ?? '',
    )
    .join('\n');

/**
 * Throws BaseError `samples/overlap` if a question of `test` is also one of `train`, naming both rows, counted from 1.
 * Throws RangeError where one of them is empty, since then nothing would be checked.
 */
export function assertNoOverlap(train: readonly Row[], test: readonly Row[]): void {
  if (train.length === 0 || test.length === 0) throw new RangeError('assertNoOverlap needs rows on both sides');
  const known = new Map(train.map((row, at) => [essence(row), at + 1]));
  for (const [at, row] of test.entries()) {
    const trainRow = known.get(essence(row));
    if (trainRow === undefined) continue;
    throw new BaseError('samples/overlap', `Test row ${at + 1} asks the same as training row ${trainRow}.`, {
      info: { testRow: at + 1, trainRow },
      hints: ['Move one of the two questions to the other side of its relation’s list.'],
    });
  }
}
