import { expect, test } from 'vitest';
import { assertNoOverlap } from './assert-no-overlap.ts';

const row = (question: string) => ({ messages: [{ role: 'user' as const, content: question }] });

test('refuses a test question that differs from a training one in case and punctuation only', () => {
  const train = [row('Who leads it?'), row('Where is  the Owl pump?')];
  expect(() => assertNoOverlap(train, [row('Who?'), row('where is the owl pump')])).toThrow(
    expect.objectContaining({ code: 'samples/overlap', info: { testRow: 2, trainRow: 2 } }),
  );
});

test('accepts other questions, and refuses to check nothing', () => {
  expect(() => assertNoOverlap([row('Where is it?')], [row('Where is he?')])).not.toThrow();
  expect(() => assertNoOverlap([], [row('Where is it?')])).toThrow(RangeError);
  expect(() => assertNoOverlap([row('Where is it?')], [])).toThrow(RangeError);
});
