import { expect, test } from 'vitest';
import type { Options } from './command.ts';
import { readOptions } from './read-options.ts';

const known = {
  data: { kind: 'text', value: 'FILE', help: '', many: true },
  rate: { kind: 'number', value: 'N', help: '', min: -1 },
  json: { kind: 'flag', help: '' },
} as const satisfies Options;

function read(line: string) {
  const { texts, words } = readOptions(line.split(' '), known);
  return { ...Object.fromEntries(texts), words };
}

test('takes values after a blank or "=", several in a row, negative numbers, and all words after --', () => {
  expect(read('a --data x y --data z --json b')).toEqual({ data: ['x', 'y', 'z'], json: [], words: ['a', 'b'] });
  expect(read('--rate -.5 w')).toEqual({ rate: ['-.5'], words: ['w'] });
  expect(read('--data=a=b w --rate=-1')).toEqual({ data: ['a=b'], rate: ['-1'], words: ['w'] });
  expect(read('--json -- --data -')).toEqual({ json: [], words: ['--data', '-'] });
});

test.each([
  ['--dat x', 'cli/unknown-option', 'Did you mean --data?'],
  ['-x', 'cli/unknown-option', 'See --help for the options.'],
  ['--data --json', 'cli/missing-value', undefined],
  ['--rate', 'cli/missing-value', undefined],
  ['--rate 1 --rate 2', 'cli/repeated-option', undefined],
  ['--json=1', 'cli/bad-value', undefined],
  ['--toString x', 'cli/unknown-option', 'See --help for the options.'],
])('refuses %s', (line, code, hint) => {
  expect(() => read(line)).toThrow(expect.objectContaining({ code, hints: hint === undefined ? [] : [hint] }));
});
