import { expect, it } from 'vitest';
import { nextRestartDelayMs } from './restart-delay.ts';

it('waits longer each time, up to five seconds, and forgets after a healthy run', () => {
  const delays = [nextRestartDelayMs(null, 5)];
  for (let i = 0; i < 7; i++) delays.push(nextRestartDelayMs(delays.at(-1)!, 5));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  expect(nextRestartDelayMs(5000, 30_000)).toBe(100);
});
