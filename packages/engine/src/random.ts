/** Everything a generator remembers; plain JSON, so a checkpoint can hold it. */
export type RandomState = readonly [number, number, number, number];

/** A small, fast, seeded stream of numbers. Never a source of secrets: its state can be read off its output. */
export interface Random {
  /** Uniform integer in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), without bias. @throws RangeError unless bound is an integer from 1 to 2^32. */
  below(bound: number): number;
  /** Standard normal: mean 0, standard deviation 1. */
  normal(): number;
  /** Permutes `items` in place, every order equally likely. */
  shuffle<T>(items: T[]): void;
  /** What `restoreRandom` needs to go on from here. */
  state(): RandomState;
}

/**
 * Starts a stream. Equal arguments give equal streams; different `stream` numbers of one seed give unrelated ones, so
 * that each epoch or each tensor can have its own without using up another's.
 *
 * The generator is xoshiro128** 1.1, its state filled by SplitMix64 (D. Blackman, S. Vigna, "Scrambled Linear
 * Pseudorandom Number Generators", ACM TOMS 47(4), 2021).
 *
 * @param seed an integer of at most 53 bits, or a bigint of which the low 64 bits count.
 * @throws RangeError where seed or stream is no safe integer.
 */
export function createRandom(seed: number | bigint, stream: number = 0): Random {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new RangeError(`seed must be an integer of at most 53 bits, not ${seed}`);
  }
  if (!Number.isSafeInteger(stream)) throw new RangeError(`stream must be a safe integer, not ${stream}`);
  const next = splitMix64(splitMix64(BigInt(seed))() ^ BigInt(stream));
  const [low, high] = [next(), next()];
  return restoreRandom([word(low), word(low >> 32n), word(high), word(high >> 32n)]);
}

/** Goes on from a saved state. @throws RangeError for a state that no stream can be in. */
export function restoreRandom(state: RandomState): Random {
  if (state.some((part) => part >>> 0 !== part) || state.every((part) => part === 0)) {
    throw new RangeError('a random state is four integers in [0, 2^32), not all of them 0');
  }
  let [a, b, c, d] = state;

  function uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  }

  const uniform = (): number => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53;

  function below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`bound must be an integer from 1 to 2^32, not ${bound}`);
    }
    // Values in the last, incomplete run of `bound` numbers would come up too often.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = uint32();
    while (value >= limit) value = uint32();
    return value % bound;
  }

  // Box–Muller gives two values; the second is thrown away so that the state stays four words.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

  function shuffle<T>(items: T[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = below(last + 1);
      const item = items[last] as T;
      items[last] = items[other] as T;
      items[other] = item;
    }
  }

  return { uint32, uniform, below, normal, shuffle, state: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0] };
}

/** SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014): spreads a seed of any quality over 64-bit words. */
export function splitMix64(seed: bigint): () => bigint {
  let state = BigInt.asUintN(64, seed);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let mixed = state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  };
}

function word(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

function rotateLeft(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}
