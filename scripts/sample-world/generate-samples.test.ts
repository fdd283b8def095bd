import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderSampleFiles } from './generate-samples.ts';

const root = new URL('../../samples/', import.meta.url);

test('the shipped samples are those of seed 1 and take less than a megabyte', () => {
  const files = renderSampleFiles(1);
  expect(files.size).toBe(15);
  for (const [name, content] of files) expect(readFileSync(new URL(name, root), 'utf8')).toBe(content);
  const sizeBytes = [...files.values()].reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  expect(sizeBytes).toBeLessThan(1_000_000);
});

test('another seed fills the same files with other rows', () => {
  const first = renderSampleFiles(1);
  const second = renderSampleFiles(2);
  expect([...second.keys()]).toEqual([...first.keys()]);
  for (const [name, content] of second) expect(content).not.toBe(first.get(name));
});
