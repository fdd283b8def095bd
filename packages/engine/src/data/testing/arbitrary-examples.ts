import fc from 'fast-check';
import type { TokenizedExample } from '../tokenized-example.ts';

/**
 * Up to 30 examples of 2 to `longest` tokens with random flags; all ids of all examples differ, so each can be followed.
 */
export function arbitraryExamples(longest: number, fewest = 0): fc.Arbitrary<TokenizedExample[]> {
  const flags = fc.array(fc.boolean(), { minLength: 2, maxLength: longest });
  return fc.array(flags, { minLength: fewest, maxLength: 30, size: 'max' }).map((lists) => {
    let nextId = 1;
    return lists.map((list, index) => ({
      source: { file: 'made.jsonl', line: index + 1 },
      ids: Int32Array.from(list, () => nextId++),
      counted: Uint8Array.from(list, (counted, at) => Number(counted && at > 0)),
    }));
  });
}
