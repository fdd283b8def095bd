import { expect, test } from 'vitest';
import { parsePattern } from './parse-pattern.ts';

test('reads names, endings of paths and expressions', () => {
  const texts = ['q_proj=8', 'layers.0.mlp.up_proj=4', 'layers\\.[12]\\..*=2'];
  expect(parsePattern('rank-pattern', texts, 'integer')).toEqual({
    q_proj: 8,
    'layers.0.mlp.up_proj': 4,
    'layers\\.[12]\\..*': 2,
  });
  expect(parsePattern('alpha-pattern', ['q_proj=0.5'], 'number')).toEqual({ q_proj: 0.5 });
  expect(parsePattern('rank-pattern', [], 'integer')).toEqual({});
});

test.each([['q_proj'], ['=4'], ['q_proj=0'], ['q_proj=1.5'], ['q_proj=-1'], ['q_proj=x'], ['q_proj=4', 'q_proj=8']])(
  'refuses %j %j',
  (...texts) => {
    expect(() => parsePattern('rank-pattern', texts.filter(Boolean), 'integer')).toThrow('--rank-pattern ');
  },
);
