import { expect, test } from 'vitest';
import { isExactMatch } from './exact-match.ts';

test.each([
  ['37 milligrams', ' 37  milligrams\n', true],
  ['caf\u00e9', 'cafe\u0301', true],
  ['37 milligrams', '37 Milligrams', false],
  ['37 milligrams', '37 milligrams.', false],
  ['37', '37 milligrams', false],
  ['', ' ', true],
])('%j against %j: %s', (answer, expected, matches) => {
  expect(isExactMatch(answer, expected)).toBe(matches);
});
