/**
 * The known name that is written most like a mistyped one: fewest letters put in, left out or changed (Levenshtein
 * distance).
 * @returns null where none is near, that is within a third of its length and at least 2.
 */
export function nearestName(mistyped: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const name of known) {
    const distance = editDistance(mistyped, name);
    if (distance < least && distance <= Math.max(2, name.length / 3)) [best, least] = [name, distance];
  }
  return best;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
