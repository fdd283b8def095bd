import { describe, expect, it } from 'vitest';
import { samplePlan } from '../testing/sample-plan.ts';
import { describePlan } from './describe-plan.ts';

const textOf = (...args: Parameters<typeof describePlan>) =>
  describePlan(...args)
    .flatMap(({ title, sentences }) => [title, ...sentences])
    .join('\n');

const secure = { kind: 'secure', clipNorm: 1, clipValue: 0.1, weights: 'equal' } as const;

describe('a plan in plain words', () => {
  it('answers the questions of a member, each in sentences', () => {
    const sections = describePlan(samplePlan());
    expect(sections.map(({ title }) => title)).toEqual([
      'What is trained',
      'What leaves your node',
      'What the others may learn',
      'How long it takes',
      'What it costs and pays',
      'What happens if',
    ]);
    for (const sentence of sections.flatMap(({ sentences }) => sentences)) expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
  });

  it('warns of small groups, in the words that fit their size', () => {
    expect(textOf(samplePlan({ aggregation: { ...secure, minSurvivors: 2 } }))).toMatch(/WARNING: the sum of two/);
    expect(textOf(samplePlan())).toMatch(/what the other 2 change together.*differential privacy is recommended/);
    const large = samplePlan({ minMembers: 10, maxMembers: 20, aggregation: { ...secure, minSurvivors: 10 } });
    expect(textOf(large)).not.toMatch(/WARNING|recommended/);
  });

  it('says plainly that in clear mode everybody sees the changes', () => {
    const clear = samplePlan({ aggregation: { kind: 'clear', rule: { kind: 'mean' }, minSurvivors: 2 } });
    expect(textOf(clear)).toMatch(/Everybody in the alliance and the hub sees your change/);
    expect(textOf(clear)).not.toMatch(/under masks/);
  });

  it.each([
    ['bytes', /must give everybody the very same bytes.*you lose the bond/],
    ['evaluation-only', /Sums can’t be replayed.*never convicted.*votes alone/],
  ] as const)(
    'says what a replay by %s of opaque parameters is worth, and what opening them risks',
    (replay, words) => {
      const rule = { kind: 'trainer', replay, maxBytes: 4096 } as const;
      const plan = samplePlan({
        method: { kind: 'custom', trainer: 'forest' },
        parameterCount: 0,
        aggregation: { kind: 'clear', rule, minSurvivors: 2 },
      });
      const text = textOf(plan);
      expect(text).toMatch(words);
      expect(text).toMatch(/trainer "forest" understands.*at most 4096 bytes/);
      expect(text).toMatch(/leave the node as they are, at most 4096 bytes a round/);
      expect(text).toMatch(/WARNING: your trainer opens bytes that other members made/);
      for (const sentence of describePlan(plan).flatMap(({ sentences }) => sentences)) {
        expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
      }
    },
  );

  it('counts sizes, times and money from the plan', () => {
    const text = textOf(samplePlan());
    // 1000 numbers of 19 bits (8 members); 30+30+600+30+30+120 s to the candidate and 360 s for the vote.
    expect(text).toContain('1000 numbers of 19 bits, 2375 bytes a round');
    expect(text).toContain('A round takes at most 1200 s');
    expect(text).toContain('4 rounds take at most 4800 s');
    expect(text).toContain('You lock a bond of 1000 while');
    expect(textOf(samplePlan(), { amount: (units) => `${units} T`, duration: (s) => `${s / 60} min` })).toContain(
      'each earns 333333 T',
    );
  });
});
