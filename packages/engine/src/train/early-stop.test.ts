import { expect, test } from 'vitest';
import { afterEvaluation, noEvaluations, shouldStop } from './early-stop.ts';

function historyOf(losses: readonly number[], minDelta: number) {
  return losses.reduce(
    (history, loss, index) => afterEvaluation(history, { step: (index + 1) * 10, loss }, minDelta),
    noEvaluations,
  );
}

test('counts evaluations without a gain and keeps the best', () => {
  const history = historyOf([3, 2, 2.5, 2.1], 0);
  expect(history).toEqual({ last: { step: 40, loss: 2.1 }, best: { step: 20, loss: 2 }, withoutGain: 2 });
  expect(shouldStop(history, { patience: 2, minDelta: 0 })).toBe(true);
  expect(shouldStop(history, { patience: 3, minDelta: 0 })).toBe(false);
  expect(shouldStop(history, null)).toBe(false);
});

test('an equal loss is no gain and not the best', () => {
  expect(historyOf([2, 2], 0)).toMatchObject({ best: { step: 10 }, withoutGain: 1 });
});

test('a gain below the smallest that counts is the best but does not reset the count', () => {
  expect(historyOf([2, 1.95, 1.9], 0.1)).toMatchObject({ best: { step: 30, loss: 1.9 }, withoutGain: 2 });
  expect(historyOf([2, 1.95, 1.8], 0.1)).toMatchObject({ withoutGain: 0 });
});
