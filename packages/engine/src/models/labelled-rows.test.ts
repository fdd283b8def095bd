import { expect, test } from 'vitest';
import { labelledCount, labelledFeeds } from './labelled-rows.ts';

const none = -1;

test('rows are counted in quarters of the batch', () => {
  const withLabels = (count: number) => Int32Array.from({ length: 16 }, (_, i) => (i < count ? 5 : none));
  expect([0, 1, 4, 5, 12, 13, 16].map((count) => labelledCount(withLabels(count)))).toEqual([4, 4, 4, 8, 12, 16, 16]);
  expect(labelledCount(Int32Array.of(3))).toBe(1);
});

test('labelled rows come first, the rest has no weight', () => {
  const targets = Int32Array.of(none, 7, none, none, 9, none, none, none);
  const feeds = labelledFeeds(targets, 4, 0.5);
  expect(feeds.labelled?.data).toEqual(Int32Array.of(1, 4, 0, 0));
  expect(feeds.targets?.data).toEqual(Int32Array.of(7, 9, 0, 0));
  expect(feeds.weights?.data).toEqual(Float32Array.of(0.5, 0.5, 0, 0));
});

test('all rows stay in their places', () => {
  const feeds = labelledFeeds(Int32Array.of(none, 7), 2, 1);
  expect(feeds).not.toHaveProperty('labelled');
  expect(feeds.targets?.data).toEqual(Int32Array.of(0, 7));
  expect(feeds.weights?.data).toEqual(Float32Array.of(0, 1));
});
