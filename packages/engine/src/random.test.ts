import { describe, expect, it } from 'vitest';
import { createRandom, type Random, restoreRandom, splitMix64 } from './random.ts';

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uint32());

describe('the generators', () => {
  it('xoshiro128** gives the published sequence for the state 1, 2, 3, 4', () => {
    // The reference implementation's output, as published with Rust's rand_xoshiro.
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597];
    expect(draw(restoreRandom([1, 2, 3, 4]), 9)).toEqual(expected);
  });

  it('SplitMix64 gives the published sequences', () => {
    // Rosetta Code, "Pseudo-random numbers/Splitmix64"; and the widely printed first outputs for seed 0.
    const next = splitMix64(1234567n);
    expect([next(), next(), next(), next(), next()]).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
    const fromZero = splitMix64(0n);
    expect([fromZero(), fromZero()]).toEqual([0xe220a8397b1dcdafn, 0x6e789e6aa1b965f4n]);
  });
});

describe('createRandom', () => {
  it('repeats itself for equal arguments and differs for any other seed or stream', () => {
    const first = draw(createRandom(7), 8);
    expect(draw(createRandom(7), 8)).toEqual(first);
    expect(draw(createRandom(7n), 8)).toEqual(first);
    const others = [createRandom(8), createRandom(7, 1), createRandom(7 + 2 ** 40), createRandom(-7), createRandom(0)];
    for (const other of others) expect(draw(other, 8)).not.toEqual(first);
  });

  it('goes on from a saved state, also one that went through JSON', () => {
    const random = createRandom(3);
    for (let i = 0; i < 100; i++) random.normal();
    const saved = JSON.parse(JSON.stringify(random.state()));
    const ahead = [random.normal(), random.uniform(), random.below(10), random.uint32()];
    const restored = restoreRandom(saved);
    expect([restored.normal(), restored.uniform(), restored.below(10), restored.uint32()]).toEqual(ahead);
  });

  it('refuses seeds and states that mean nothing', () => {
    expect(() => createRandom(0.5)).toThrow(RangeError);
    expect(() => createRandom(2 ** 60)).toThrow(RangeError);
    expect(() => createRandom(1, Number.NaN)).toThrow(RangeError);
    expect(() => restoreRandom([0, 0, 0, 0])).toThrow(RangeError);
    expect(() => restoreRandom([1, 2, 3, -4])).toThrow(RangeError);
    expect(() => createRandom(1).below(0)).toThrow(RangeError);
  });
});

describe('distributions (4σ bounds)', () => {
  const count = 200_000;

  it('uniform has mean 1/2 and variance 1/12', () => {
    const random = createRandom(11);
    const values = Array.from({ length: count }, () => random.uniform());
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
    const variance = values.reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / count;
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / count));
  });

  it('normal has mean 0, variance 1, no skew and a kurtosis of 3', () => {
    const random = createRandom(12);
    const sums = [0, 0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const value = random.normal();
      for (let power = 1; power <= 4; power++) sums[power] = (sums[power] as number) + value ** power;
    }
    const [, m1, m2, m3, m4] = sums.map((sum) => sum / count) as [number, number, number, number, number];
    // Variances of z, z², z³, z⁴ for a standard normal z: 1, 2, 15, 96.
    expect(Math.abs(m1)).toBeLessThan(4 * Math.sqrt(1 / count));
    expect(Math.abs(m2 - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(m3)).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(m4 - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
  });

  it('shuffle keeps every item and puts each at each place equally often', () => {
    const random = createRandom(13);
    const runs = 24_000;
    const seen = new Map<string, number>();
    for (let run = 0; run < runs; run++) {
      const items = [0, 1, 2, 3];
      random.shuffle(items);
      seen.set(items.join(''), (seen.get(items.join('')) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    const bound = 4 * Math.sqrt((runs / 24) * (23 / 24));
    for (const times of seen.values()) expect(Math.abs(times - runs / 24)).toBeLessThan(bound);
  });
});
