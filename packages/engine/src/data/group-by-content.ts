import { contentHash } from './content-hash.ts';
import type { TokenizedExample } from './tokenized-example.ts';

/** Examples with the same tokens, in groups by first occurrence. A group of one is the ordinary case. */
export function groupByContent(examples: readonly TokenizedExample[]): TokenizedExample[][] {
  const groups: TokenizedExample[][] = [];
  const groupsOfHash = new Map<number, TokenizedExample[][]>();
  for (const example of examples) {
    const hash = contentHash(example.ids, 0);
    let candidates = groupsOfHash.get(hash);
    if (candidates === undefined) groupsOfHash.set(hash, (candidates = []));
    let group = candidates.find(([first]) => first !== undefined && sameIds(first.ids, example.ids));
    if (group === undefined) {
      group = [];
      candidates.push(group);
      groups.push(group);
    }
    group.push(example);
  }
  return groups;
}

function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, index) => b[index] === id);
}
