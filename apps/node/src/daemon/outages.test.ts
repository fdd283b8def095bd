import { BaseError } from '@skein/core';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { createOutages } from './outages.ts';

describe('outages', () => {
  it('are told once each, with growing pauses, and once when they are over', () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) });
    const outages = createOutages(logger, () => 0.5);
    const down = new BaseError('client/unreachable', 'The hub is down.');
    const pauses = [down, down, down].map((error) => outages.failed(error));
    expect(pauses).toEqual([375, 750, 1500]);
    for (let more = 0; more < 20; more++) outages.failed(down);
    expect(outages.failed(down)).toBe(22_500);
    outages.failed(new BaseError('chain/unreachable', 'The chain is down.'));
    outages.ended();
    outages.ended();
    expect(lines).toEqual(['The hub is down.', 'The chain is down.', 'That is over.']);
  });
});
