import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSteps, createDataCursor, type DataPosition } from './data-cursor.ts';
import type { MicroBatch } from './differentiable-model.ts';

function batch(id: number, targetCount = 1): MicroBatch {
  const one = Int32Array.of(id);
  return { batch: 1, length: 1, inputIds: one, positions: one, segments: one, targets: one, targetCount };
}

describe('countSteps', () => {
  const batchesOfEpoch = (epoch: number) => Array.from({ length: 5 + epoch }, (_, i) => batch(i));

  test('rounds every epoch up and follows epochs of different length', () => {
    expect(countSteps(batchesOfEpoch, { accumulationSteps: 2, maxSteps: null, epochs: 2 })).toBe(3 + 3);
    expect(countSteps(batchesOfEpoch, { accumulationSteps: 1, maxSteps: null, epochs: 3 })).toBe(5 + 6 + 7);
  });

  test('ends at whichever limit comes first', () => {
    expect(countSteps(batchesOfEpoch, { accumulationSteps: 2, maxSteps: 4, epochs: 2 })).toBe(4);
    expect(countSteps(batchesOfEpoch, { accumulationSteps: 2, maxSteps: 40, epochs: 2 })).toBe(6);
    expect(countSteps(batchesOfEpoch, { accumulationSteps: 2, maxSteps: 40, epochs: null })).toBe(40);
  });
});

describe('createDataCursor', () => {
  test('reads every micro-batch of every epoch once, in order, as many windows as countSteps says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 5 }),
        (sizes, accumulationSteps) => {
          const batchesOfEpoch = (epoch: number) =>
            Array.from({ length: sizes[epoch]! }, (_, i) => batch(100 * epoch + i));
          const steps = countSteps(batchesOfEpoch, { accumulationSteps, maxSteps: null, epochs: sizes.length });
          const read: number[] = [];
          let position: DataPosition = { epoch: 0, microBatch: 0 };
          for (let step = 0; step < steps; step++) {
            // A fresh cursor each time: the position alone must say where to go on.
            const { window, next } = createDataCursor(batchesOfEpoch, accumulationSteps).windowAt(position);
            expect(window.length).toBeLessThanOrEqual(accumulationSteps);
            read.push(...window.map((one) => one.inputIds[0]!));
            position = next;
          }
          expect(read).toEqual(sizes.flatMap((size, epoch) => Array.from({ length: size }, (_, i) => 100 * epoch + i)));
          expect(position).toEqual({ epoch: sizes.length, microBatch: 0 });
        },
      ),
    );
  });

  test('asks for an epoch once while it is read', () => {
    const asked: number[] = [];
    const cursor = createDataCursor((epoch) => {
      asked.push(epoch);
      return [batch(0), batch(1)];
    }, 1);
    cursor.windowAt({ epoch: 0, microBatch: 0 });
    cursor.windowAt({ epoch: 0, microBatch: 1 });
    cursor.windowAt({ epoch: 1, microBatch: 0 });
    expect(asked).toEqual([0, 1]);
  });

  test('refuses an empty epoch and a window without a target', () => {
    expect(() => createDataCursor(() => [], 1).windowAt({ epoch: 0, microBatch: 0 })).toThrow(RangeError);
    const unlabelled = createDataCursor(() => [batch(0), batch(1, 0)], 1);
    expect(() => unlabelled.windowAt({ epoch: 0, microBatch: 1 })).toThrow(/Epoch 0 has no labelled token/);
  });
});
