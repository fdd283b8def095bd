import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { jsonOf, runLine } from './testing/run-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shape = '--layers 1 --hidden 64 --intermediate 1536 --heads 4 --kv-heads 2 --vocabulary 2560';
const bench = (line: string) => runLine(`bench ${line} ${shape} --folder ${folder} --json`.split(' '));

test.each([
  ['fp32', 1],
  ['int8', 0.995],
  ['int4', 0.5],
  ['auto', 0.999],
])('training in %s gives its speed, memory and distance from float32', async (mode, leastCosine) => {
  const result = await bench(`train --mode ${mode} --outliers --length 32 --steps 2`);
  expect(result.exitCode, result.stderr).toBe(0);
  const json = jsonOf(result);
  expect(json.tokensPerSecond).toBeGreaterThan(0);
  expect(json.peakRssBytes).toBeGreaterThan(50e6);
  expect(json.gradientCosine).toBeGreaterThanOrEqual(leastCosine);
  expect(json.stepSeconds).toHaveLength(2);
  expect(json.mode).toBe(mode === 'auto' ? 'int8' : mode);
  expect(json.configuration).toMatchObject({ outliers: true, length: 32, rank: 16 });
});

test('8-bit integers are refused where they are not to be had', async () => {
  const result = await bench('train --mode int8 --device webgpu');
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toContain('--mode int8 needs --device cpu');
});

test('training in little memory is as far from float32', async () => {
  const [fast, low] = [
    jsonOf(await bench('train --mode int8 --length 32 --steps 1')),
    jsonOf(await bench('train --mode int8 --length 32 --steps 1 --memory low')),
  ];
  expect(low.memory).toBe('low');
  expect(low.gradientCosine).toBeCloseTo(Number(fast.gradientCosine), 7);
});

test.each([
  ['auto', 'fp32'],
  ['int8', 'int8'],
  ['int4', 'int4'],
])('generation in %s gives its speed', async (weights, mode) => {
  const result = await bench(`generate --weights ${weights} --prompt 8 --tokens 4`);
  expect(result.exitCode, result.stderr).toBe(0);
  expect(jsonOf(result)).toMatchObject({ mode, tokensPerSecond: expect.any(Number) });
});
