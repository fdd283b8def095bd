import { describe, expect, test } from 'vitest';
import { learningRateAt, type Schedule, type ScheduleKind, warmupSteps } from './schedule.ts';

/** The lambdas of transformers' get_*_schedule_with_warmup, written as they stand there. */
const reference: Record<ScheduleKind, (step: number, warmup: number, total: number) => number> = {
  constant: (step, warmup) => (step < warmup ? step / Math.max(1, warmup) : 1),
  linear: (step, warmup, total) =>
    step < warmup ? step / Math.max(1, warmup) : Math.max(0, (total - step) / Math.max(1, total - warmup)),
  cosine: (step, warmup, total) => {
    if (step < warmup) return step / Math.max(1, warmup);
    const progress = (step - warmup) / Math.max(1, total - warmup);
    return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * 0.5 * 2 * progress)));
  },
};

describe('learningRateAt', () => {
  test.each(['constant', 'linear', 'cosine'] as const)('%s equals the reference at every step', (kind) => {
    for (const [warmup, totalSteps] of [
      [0, 10],
      [3, 10],
      [10, 10],
      [12, 10],
      [1, 1],
      [0, 1],
    ] as const) {
      const schedule: Schedule = { kind, peakLearningRate: 2e-4, totalSteps, warmup: { steps: warmup } };
      for (let step = 0; step < totalSteps; step++) {
        expect(learningRateAt(schedule, step)).toBeCloseTo(2e-4 * reference[kind](step, warmup, totalSteps), 15);
      }
    }
  });

  test('has the landmarks that the formulas promise', () => {
    const at = (kind: ScheduleKind, step: number) =>
      learningRateAt({ kind, peakLearningRate: 1, totalSteps: 110, warmup: { steps: 10 } }, step);
    expect(at('cosine', 0)).toBe(0);
    expect(at('cosine', 5)).toBe(0.5);
    expect(at('cosine', 10)).toBe(1);
    expect(at('cosine', 60)).toBeCloseTo(0.5, 12);
    expect(at('cosine', 110)).toBe(0);
    expect(at('linear', 60)).toBe(0.5);
    expect(at('linear', 110)).toBe(0);
    expect(at('constant', 109)).toBe(1);
  });
});

describe('warmupSteps', () => {
  test('rounds a ratio up', () => {
    expect(warmupSteps({ ratio: 0.03 }, 101)).toBe(4);
    expect(warmupSteps({ ratio: 0 }, 101)).toBe(0);
    expect(warmupSteps({ ratio: 1 }, 101)).toBe(101);
  });

  test.each([{ ratio: 1.1 }, { ratio: -0.1 }, { ratio: Number.NaN }, { steps: -1 }, { steps: 1.5 }])(
    'refuses %j',
    (warmup) => {
      expect(() => warmupSteps(warmup, 10)).toThrow(RangeError);
    },
  );
});
