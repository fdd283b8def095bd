import { describe, expect, it } from 'vitest';
import { candidateSeconds, digestOfPlan, parsePlan, robustAgainst } from './plan.ts';
import { samplePlan } from './testing/sample-plan.ts';

const clear = { kind: 'clear', minSurvivors: 2 } as const;
const secure = { kind: 'secure', clipNorm: 1, clipValue: 0.1, minSurvivors: 3, weights: 'equal' } as const;

const mean = { ...clear, rule: { kind: 'mean' } } as const;
const opaque = { kind: 'trainer', replay: 'bytes', maxBytes: 100 } as const;
const custom = { method: { kind: 'custom', trainer: 'x' } } as const;

describe('a plan', () => {
  it('comes back from JSON with the same digest', () => {
    const plan = samplePlan();
    expect(digestOfPlan(parsePlan(JSON.parse(JSON.stringify(plan))))).toBe(digestOfPlan(plan));
    expect(digestOfPlan(samplePlan({ rounds: 5 }))).not.toBe(digestOfPlan(plan));
  });

  it.each<[string, object, RegExp]>([
    ['fewer members at most than at least', { maxMembers: 2 }, /minMembers above maxMembers/],
    ['more survivors than members', { aggregation: { ...secure, minSurvivors: 4 } }, /more survivors/],
    ['secure aggregation alone', { minMembers: 1, aggregation: { ...secure, minSurvivors: 2 } }, /survivors/],
    ['weights without a largest one', { aggregation: { ...secure, weights: 'by-examples' } }, /maxExamples/],
    ['opaque parameters under masks', { method: { kind: 'custom', trainer: 'x' } }, /clear mode/],
    ['a median of two', { minMembers: 2, aggregation: { ...clear, rule: { kind: 'median' } } }, /cuts off nobody/],
    [
      'a trimmed mean that trims nobody',
      { aggregation: { ...clear, rule: { kind: 'trimmed-mean', trim: 0.2 } } },
      /cuts off nobody/,
    ],
    [
      'the trainer’s rule without a trainer',
      { parameterCount: 0, aggregation: { ...clear, rule: opaque } },
      /only custom/,
    ],
    ['opaque parameters that are counted', { ...custom, aggregation: { ...clear, rule: opaque } }, /count 0/],
    ['numbers that are not counted', { ...custom, parameterCount: 0, aggregation: mean }, /count 0/],
    [
      'opaque parameters that fit into no request',
      { ...custom, parameterCount: 0, aggregation: { ...clear, rule: { ...opaque, maxBytes: 2 ** 26 } } },
      /maxMembers times maxBytes/,
    ],
    ['a phase of no time', { phases: { ...samplePlan().phases, keys: 0 } }, /phases\.keys/],
    ['a field that nobody knows', { colour: 'blue' }, /colour/],
  ])('is refused with %s', (_, changes, message) => {
    expect(() => samplePlan(changes)).toThrow(message);
  });

  it('leaves masked phases out of clear mode', () => {
    const plan = samplePlan({ aggregation: { ...clear, rule: { kind: 'median' } } });
    expect(candidateSeconds(plan)).toBe(600 + 30 + 120);
    expect(candidateSeconds(samplePlan())).toBe(600 + 30 + 120 + 90);
  });

  it('knows how many faulty members its rule bears', () => {
    expect(robustAgainst({ kind: 'mean' }, 9)).toBeNull();
    expect([3, 4, 5].map((members) => robustAgainst({ kind: 'median' }, members))).toEqual([1, 1, 2]);
    expect(robustAgainst({ kind: 'trimmed-mean', trim: 0.25 }, 8)).toBe(2);
  });
});
