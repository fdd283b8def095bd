import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MicroBatch } from '../train/differentiable-model.ts';
import { type MicroBatchOptions, PACKINGS, toMicroBatches } from './micro-batches.ts';
import { arbitraryExamples } from './testing/arbitrary-examples.ts';
import type { TokenizedExample } from './tokenized-example.ts';

const arbitraryOptions: fc.Arbitrary<MicroBatchOptions> = fc.record({
  batch: fc.integer({ min: 1, max: 5 }),
  length: fc.integer({ min: 12, max: 40 }),
  packing: fc.constantFrom(...PACKINGS),
  shuffle: fc.option(fc.record({ seed: fc.nat(), epoch: fc.nat() })),
  bucket: fc.integer({ min: 1, max: 16 }),
});

/** Each example as it lies in the batches: ids, and target by position. */
function laidOut(batches: readonly MicroBatch[]): { ids: number[]; positions: number[]; targets: number[] }[] {
  return batches.flatMap(({ batch, length, inputIds, positions, segments, targets }) => {
    const found = new Map<string, { ids: number[]; positions: number[]; targets: number[] }>();
    for (let at = 0; at < batch * length; at++) {
      const segment = segments[at] as number;
      if (segment === 0) {
        expect(targets[at], 'padding has no target').toBe(-1);
        continue;
      }
      const key = `${Math.floor(at / length)}/${segment}`;
      const example = found.get(key) ?? { ids: [], positions: [], targets: [] };
      found.set(key, example);
      example.ids.push(inputIds[at] as number);
      example.positions.push(positions[at] as number);
      example.targets.push(targets[at] as number);
    }
    return [...found.values()];
  });
}

const byFirstId = (a: { ids: ArrayLike<number> }, b: { ids: ArrayLike<number> }): number =>
  (a.ids[0] as number) - (b.ids[0] as number);

describe('toMicroBatches', () => {
  it('lays out every example once: positions from 0, each counted token the target of the one before it', () => {
    fc.assert(
      fc.property(arbitraryExamples(12), arbitraryOptions, (examples, options) => {
        const found = laidOut(toMicroBatches(examples, options)).sort(byFirstId);
        const wanted = [...examples].sort(byFirstId).map(({ ids, counted }) => ({
          ids: [...ids],
          positions: [...ids.keys()],
          targets: [...ids].map((_, t) => (counted[t + 1] === 1 ? (ids[t + 1] as number) : -1)),
        }));
        expect(found).toEqual(wanted);
      }),
    );
  });

  it('keeps to the sizes asked for and counts the targets', () => {
    fc.assert(
      fc.property(arbitraryExamples(12), arbitraryOptions, (examples, options) => {
        const batches = toMicroBatches(examples, options);
        const { batch, length, bucket = 32 } = options;
        for (const [index, made] of batches.entries()) {
          expect(made.batch).toBeLessThanOrEqual(batch);
          if (index < batches.length - 1 && options.packing !== 'batch') expect(made.batch).toBe(batch);
          expect(made.length).toBeLessThanOrEqual(length);
          expect(made.length === length || made.length % bucket === 0).toBe(true);
          expect(made.targetCount).toBe(made.targets.filter((target) => target !== -1).length);
          if (options.packing === 'rows') expect(made.length).toBe(batches[0]?.length);
        }
      }),
    );
  });

  it('lets the examples of a batch share rows, and never takes more positions for it', () => {
    const sizes = ({ batch, length }: MicroBatch) => batch * length;
    fc.assert(
      fc.property(arbitraryExamples(12), arbitraryOptions, (examples, options) => {
        const apart = toMicroBatches(examples, { ...options, packing: 'none' });
        const shared = toMicroBatches(examples, { ...options, packing: 'batch' });
        expect(shared).toHaveLength(apart.length);
        for (const [index, one] of apart.entries()) {
          const other = shared[index] as MicroBatch;
          expect(laidOut([other]).sort(byFirstId)).toEqual(laidOut([one]).sort(byFirstId));
          expect(other.targetCount).toBe(one.targetCount);
          expect(sizes(other)).toBeLessThanOrEqual(sizes(one));
        }
      }),
    );
    const lengths = [30, 3, 4, 20, 5, 6, 7, 8];
    const examples = lengths.map((length, line) => ({
      source: { file: 'a', line },
      ids: new Int32Array(length),
      counted: new Uint8Array(length).fill(1),
    }));
    const batches = toMicroBatches(examples, { batch: 4, length: 64, packing: 'batch', shuffle: null });
    expect(batches.map(({ batch, length }) => [batch, length])).toEqual([
      [1, 64],
      [1, 32],
    ]);
  });

  it('gives the same batches for the same epoch, and other ones for another', () => {
    const [examples] = fc.sample(arbitraryExamples(12, 20), { numRuns: 1, seed: 1 }) as [TokenizedExample[]];
    for (const packing of PACKINGS) {
      const inEpoch = (epoch: number): MicroBatch[] =>
        toMicroBatches(examples, { batch: 2, length: 24, packing, shuffle: { seed: 3, epoch } });
      expect(inEpoch(0)).toEqual(inEpoch(0));
      expect(inEpoch(1)).not.toEqual(inEpoch(0));
    }
  });

  it('keeps the order without a shuffle', () => {
    const [examples] = fc.sample(arbitraryExamples(6), { numRuns: 1, seed: 2 }) as [TokenizedExample[]];
    const batches = toMicroBatches(examples, { batch: 4, length: 6, packing: 'none', shuffle: null });
    expect(laidOut(batches).map(({ ids }) => ids)).toEqual(examples.map(({ ids }) => [...ids]));
  });

  it('refuses an example longer than a row, and sizes that are none', () => {
    const example = { source: { file: 'a', line: 1 }, ids: new Int32Array(9), counted: new Uint8Array(9) };
    for (const packing of PACKINGS) {
      const options = { batch: 1, length: 8, packing, shuffle: null };
      expect(() => toMicroBatches([example], options)).toThrow(RangeError);
      expect(() => toMicroBatches([], { ...options, batch: 0 })).toThrow(RangeError);
    }
  });
});
