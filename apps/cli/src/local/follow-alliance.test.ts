import { expect, it } from 'vitest';
import { isOver, type Look } from './follow-alliance.ts';

const look = (status: string, phase: string | null): Look =>
  ({ alliance: { status }, round: phase === null ? null : { phase } }) as Look;

it('an alliance is over once its last round is closed at the hub as well, when its money is told to the end', () => {
  expect(isOver(look('active', 'reveal'))).toBe(false);
  expect(isOver(look('active', null))).toBe(false);
  expect(isOver(look('finished', 'reveal'))).toBe(false);
  expect(isOver(look('finished', 'closed'))).toBe(true);
  expect(isOver(look('cancelled', null))).toBe(true);
});
