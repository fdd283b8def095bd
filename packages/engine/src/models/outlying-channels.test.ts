import { expect, test } from 'vitest';
import { outlyingChannels } from './outlying-channels.ts';

test('channels four times as large as the median are found, of either sign', () => {
  const norm = new Float32Array(64).fill(1);
  norm[3] = 30;
  norm[7] = -5;
  norm[9] = 3.9;
  expect(outlyingChannels(norm)).toEqual([3, 7]);
  expect(outlyingChannels(new Float32Array(64).fill(2))).toEqual([]);
});

test('no more than 32 channels, the largest', () => {
  const norm = Float32Array.from({ length: 128 }, (_, i) => (i < 40 ? 10 + i : 1));
  expect(outlyingChannels(norm)).toEqual(Array.from({ length: 32 }, (_, i) => i + 8));
});
