import { expect, it } from 'vitest';
import { formatTokens, parseTokens } from './format-tokens.ts';

it.each([
  ['0', '0'],
  ['1', '0.000000000000000001'],
  ['1000000000000000000', '1'],
  ['12500000000000000000', '12.5'],
])('%s base units are %s', (baseUnits, text) => {
  expect(formatTokens(baseUnits)).toBe(text);
  expect(parseTokens(text)).toBe(BigInt(baseUnits));
});

it('refuses what is no amount', () => {
  for (const text of ['', '-1', '1e3', '1.', '0.0000000000000000001', 'ten']) expect(parseTokens(text)).toBeNull();
});
