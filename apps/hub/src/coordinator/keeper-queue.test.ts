import pino from 'pino';
import { expect, it } from 'vitest';
import { createMetrics } from '../metrics.ts';
import { createKeeperQueue, type KeeperParts } from './keeper-queue.ts';

/** A queue whose chain needs no gas, and what it logs. */
function queueOf(pollMs: number) {
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(line) });
  const parts = { chain: {}, logger, metrics: createMetrics(), signal: new AbortController().signal, pollMs };
  return { lines, queue: createKeeperQueue({ ...parts, done: () => undefined } as unknown as KeeperParts) };
}

it('tells a transaction once, and asks again only after the next look at the chain', async () => {
  const { lines, queue } = queueOf(3_600_000);
  const outcomes = ['mined', 'already', 'mined'] as const;
  let asked = 0;
  const act = async () => {
    queue.send('openRound 1/1', () => Promise.resolve(outcomes[asked++]!));
    await queue.idle();
  };
  for (let turn = 0; turn < 4; turn++) await act();
  expect(asked).toBe(2);
  expect(lines).toEqual([expect.stringContaining('The keeper has acted.')]);
});
