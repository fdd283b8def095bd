/** Draws from one seed; the same seed gives the same draws on every machine. */
export interface Random {
  /** Uniform integer in [0, bound), 1 ≤ bound ≤ 2^32. */
  below(bound: number): number;
  /** One item, each as likely; throws RangeError for an empty list. */
  pick<T extends string | object>(items: readonly T[]): T;
  /** A new array in random order (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[];
}

/** Spreads the bits of a 32-bit word (the finaliser of MurmurHash3, Appleby 2011). */
function mix(word: number): number {
  let bits = word | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** 32-bit hash of a text's UTF-16 units (FNV-1a, then mixed so that single bits are usable). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/**
 * A counter-based generator (SplitMix, Steele et al. 2014, with 32-bit words), not for secrets. `label` separates the
 * streams that one seed feeds, so that adding a draw to one leaves the others as they were.
 */
export function createRandom(seed: number, label: string): Random {
  let state = mix(seed ^ hashText(label));
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix(state);
  };
  const below = (bound: number): number => Math.floor((next() / 2 ** 32) * bound);
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('pick needs at least one item');
      return item;
    },
    shuffle: (items) => {
      const order = [...items];
      for (let last = order.length - 1; last > 0; last--) {
        const other = below(last + 1);
        // Swaps the two; splices, unlike assignments, keep the items' type.
        order.splice(last, 1, ...order.splice(other, 1, ...order.slice(last, last + 1)));
      }
      return order;
    },
  };
}
