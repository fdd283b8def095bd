import { expect, test } from 'vitest';
import { formatBytes } from './format-bytes.ts';
import { formatDuration } from './format-duration.ts';
import { formatTable } from './format-table.ts';

test('sizes, times and tables as people read them', () => {
  expect([0, 999, 1000, 999_600, 4_700_000].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '1.00 MB',
    '4.70 MB',
  ]);
  expect([0.4, 59.6, 725, 12_000].map(formatDuration)).toEqual(['0 s', '1 min 0 s', '12 min 5 s', '3 h 20 min']);
  expect(
    formatTable(
      [
        ['a', 'size'],
        ['long name', '5'],
      ],
      [1],
    ),
  ).toBe('a          size\nlong name     5');
});
