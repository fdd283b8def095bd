import { expect, test } from 'vitest';
import { toyConfig } from './testing/toy-config.ts';
import { trainConfigSchema } from './train-config.ts';

test('accepts a whole configuration as it is, also after JSON', () => {
  expect(trainConfigSchema.parse(JSON.parse(JSON.stringify(toyConfig)))).toEqual(toyConfig);
});

test.each([
  ['no end', { maxSteps: null, epochs: null }, 'Give maxSteps, epochs or both'],
  ['an unknown field', { learningrate: 1 }, 'learningrate'],
  ['a learning rate of zero', { learningRate: 0 }, 'learningRate'],
  ['a seed that is no uint32', { seed: 2 ** 32 }, 'seed'],
  ['both kinds of warm-up', { warmup: { steps: 1, ratio: 0.1 } }, 'warmup'],
  ['a beta of 1', { adamW: { ...toyConfig.adamW, beta2: 1 } }, 'beta2'],
])('refuses %s', (_, changes, named) => {
  const { error } = trainConfigSchema.safeParse({ ...toyConfig, ...changes });
  expect(JSON.stringify(error?.issues)).toContain(named);
});
