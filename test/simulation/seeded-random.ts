import { createCipheriv, createHash } from 'node:crypto';

/** Numbers that one seed fixes. */
export interface SeededRandom {
  /** 0 ≤ x < 1 */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  /** Whether an event of this probability happens. */
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffle<Item>(items: readonly Item[]): Item[];
  bytes(count: number): Uint8Array;
  /** Independent numbers for a named use, so that one use more doesn't shift all others. */
  fork(name: string): SeededRandom;
}

/** AES-256-CTR over the hash of the seed: quick, and the same everywhere. */
export function createSeededRandom(seed: string): SeededRandom {
  const key = createHash('sha256').update(seed).digest();
  const stream = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
  const bytes = (count: number) => new Uint8Array(stream.update(new Uint8Array(count)));
  const next = () => {
    const [a, b] = new Uint32Array(bytes(8).buffer);
    return ((a! >>> 5) * 2 ** 26 + (b! >>> 6)) / 2 ** 53;
  };
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (items) => items[int(0, items.length - 1)]!,
    shuffle(items) {
      const shuffled = [...items];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = int(0, i);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      return shuffled;
    },
    bytes,
    fork: (name) => createSeededRandom(`${seed}/${name}`),
  };
}
