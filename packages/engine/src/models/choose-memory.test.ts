import { expect, test } from 'vitest';
import { chooseMemory } from './choose-memory.ts';

const estimates = {
  fast: { anonymousBytes: 2500, mappedBytes: 2000 },
  low: { anonymousBytes: 800, mappedBytes: 2000 },
};

test.each([
  [4500, 'fast', 'everything fits'],
  [4499, 'low', 'everything does not fit'],
  [2799, 'low', 'nothing fits'],
])('with %d bytes left, auto takes %s', (availableBytes, memory, reason) => {
  const choice = chooseMemory('auto', estimates, { availableBytes });
  expect(choice).toMatchObject({ memory, reason, availableBytes, fast: estimates.fast });
  expect(choice.estimate).toBe(estimates[choice.memory]);
});

test('what was asked for is taken, and a run that began is not chosen anew', () => {
  const tight = { availableBytes: 1, before: 'fast' } as const;
  expect(chooseMemory('fast', estimates, tight)).toMatchObject({ memory: 'fast', reason: 'asked for' });
  expect(chooseMemory('low', estimates, tight)).toMatchObject({ memory: 'low', reason: 'asked for' });
  expect(chooseMemory('auto', estimates, tight)).toMatchObject({ memory: 'fast', reason: 'as the run began' });
  const ample = { availableBytes: 1e6, before: 'low' } as const;
  expect(chooseMemory('auto', estimates, ample)).toMatchObject({ memory: 'low', reason: 'as the run began' });
});
