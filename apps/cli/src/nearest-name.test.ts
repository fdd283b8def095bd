import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

const known = ['model', 'adapter', 'data', 'max-tokens'];

test.each([
  ['modle', 'model'],
  ['adaptor', 'adapter'],
  ['max-token', 'max-tokens'],
  ['maxtokens', 'max-tokens'],
  ['learning', null],
])('%s is nearest to %s', (mistyped, nearest) => {
  expect(nearestName(mistyped, known)).toBe(nearest);
});
