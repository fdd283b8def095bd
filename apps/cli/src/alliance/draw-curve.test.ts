import { expect, it } from 'vitest';
import { drawCurve } from './draw-curve.ts';

it('draws from low to high', () => {
  expect(drawCurve([0, -1, -2, -3.5])).toBe('loss █▆▄▁  0.000 to -3.500 nats against the start');
});

it('draws equal values on the ground, and nothing of one', () => {
  expect(drawCurve([1, 1])).toContain('▁▁');
  expect(drawCurve([1])).toBe('');
});
