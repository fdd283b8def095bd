import { expect, test } from 'vitest';
import { configDifferences } from './config-difference.ts';

test('names fields by dotted path with both values, whatever the order of keys', () => {
  const saved = { seed: 1, adamW: { beta1: 0.9, beta2: 0.999 }, targets: ['q', 'v'], old: null };
  const given = { targets: ['q'], adamW: { beta2: 0.99, beta1: 0.9 }, seed: 1, fresh: true };
  expect(configDifferences(saved, given)).toEqual([
    'adamW.beta2: 0.99 instead of 0.999',
    'targets: ["q"] instead of ["q","v"]',
    'old: nothing instead of null',
    'fresh: true instead of nothing',
  ]);
  expect(configDifferences(saved, structuredClone(saved))).toEqual([]);
  expect(configDifferences({ epochs: { a: 1 } }, { epochs: 2 })).toEqual(['epochs: 2 instead of {"a":1}']);
});
