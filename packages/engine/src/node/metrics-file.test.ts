import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openMetricsFile } from './metrics-file.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

test('appends lines, tells its length in bytes, and is cut back to it', async () => {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  const first = await openMetricsFile(path, 0);
  await first.append({ step: 1, name: 'é' });
  const length = await first.sync();
  expect(length).toBe(Buffer.byteLength('{"step":1,"name":"é"}\n'));
  await first.append({ step: 2 });
  await first.close();
  writeFileSync(path, '{"st', { flag: 'a' });

  const second = await openMetricsFile(path, length);
  await second.append({ step: 2, again: true });
  expect(await second.sync()).toBe(length + '{"step":2,"again":true}\n'.length);
  await second.close();
  expect(readFileSync(path, 'utf8')).toBe('{"step":1,"name":"é"}\n{"step":2,"again":true}\n');
});

test('refuses a file that has lost lines', async () => {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  writeFileSync(path, '{}\n');
  await expect(openMetricsFile(path, 4)).rejects.toMatchObject({ code: 'engine/metrics-too-short' });
  expect(readFileSync(path, 'utf8')).toBe('{}\n');
});

test.skipIf(!existsSync('/dev/full'))('a full disk is one sentence', async () => {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  symlinkSync('/dev/full', path);
  await expect(openMetricsFile(path, 0).then((file) => file.append({}))).rejects.toMatchObject({
    code: 'engine/disk-full',
  });
});
