/** Which processes die together, and how long after everything was up again. */
export interface Kill {
  readonly afterMs: number;
  /** One or two of `chain`, `hub`, `aggregator` (whoever's turn it is) and the nodes. */
  readonly victims: readonly string[];
}

/** mulberry32: small, and the same everywhere. */
function createDraw(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kills at random instants, every third of them a pair. The same seed gives the same plan. */
export function planKills(seed: number, count: number, processes: readonly string[]): Kill[] {
  const draw = createDraw(seed);
  const pick = (among: readonly string[]) => among[Math.floor(draw() * among.length)]!;
  return Array.from({ length: count }, (_, index) => {
    const first = pick(processes);
    const second = pick(processes.filter((name) => name !== first));
    return { afterMs: Math.round(50 + draw() * 1_950), victims: index % 3 === 2 ? [first, second] : [first] };
  });
}
