import { expect, test } from 'vitest';
import type { Option } from './command.ts';
import { parseOptionValue } from './parse-option-value.ts';

type Valued = Exclude<Option, { kind: 'flag' }>;
const share: Valued = { kind: 'number', value: 'N', help: '', min: 0, max: 1 };
const rate: Valued = { kind: 'number', value: 'N', help: '', min: 0, above: true };
const count: Valued = { kind: 'integer', value: 'N', help: '', min: 1 };
const device: Valued = { kind: 'choice', choices: ['cpu', 'webgpu'], help: '' };

test.each([
  [share, '0', 0],
  [share, '1e-3', 0.001],
  [rate, '.5', 0.5],
  [count, '12', 12],
  [device, 'webgpu', 'webgpu'],
])('reads %o from %s', (option, text, value) => {
  expect(parseOptionValue('x', option, text)).toBe(value);
});

test.each([
  [share, '1.5', 'a number from 0 to 1, not "1.5"'],
  [share, 'NaN', 'a number from 0 to 1, not "NaN"'],
  [share, '', 'a number from 0 to 1, not ""'],
  [rate, '0', 'a number above 0'],
  [rate, 'Infinity', 'a number above 0'],
  [count, '1.5', 'a whole number from 1'],
  [count, '0', 'a whole number from 1'],
  [count, '0x10', 'a whole number from 1'],
  [device, 'gpu', 'one of cpu, webgpu, not "gpu"'],
])('refuses for %o the text %j', (option, text, message) => {
  expect(() => parseOptionValue('x', option, text)).toThrow(message);
});
