import { expect, it } from 'vitest';
import { strftime } from './strftime.ts';

const date = new Date(2026, 0, 5, 15, 4, 9);

it('writes dates as Python does in the C locale', () => {
  // Python 3.11: datetime(2026, 1, 5, 15, 4, 9).strftime(…)
  expect(strftime(date, '%d %b %Y, %H:%M:%S')).toBe('05 Jan 2026, 15:04:09');
  expect(strftime(date, '%A %-d %B %y %I %p %a %m 100%%')).toBe('Monday 5 January 26 03 PM Mon 01 100%');
});

it('refuses what it does not know instead of leaving it in the text', () => {
  expect(() => strftime(date, '%Q')).toThrow(RangeError);
});
