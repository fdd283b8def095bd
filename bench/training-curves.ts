import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomModel } from './random-model.ts';

/**
 * Time and memory of a training step against length, batch, layers and rank, beside the arithmetic of each point, at
 * Qwen2.5-0.5B's width and vocabulary; six layers where layers are not what varies. Every point is a process of its
 * own. Writes bench/results/training-curve-CURVE.json.
 * `node bench/training-curves.ts --curve length [--memory low]`
 */
const CURVES: Record<string, readonly number[]> = {
  length: [128, 256, 512, 1024, 2048, 4096],
  batch: [1, 2, 4, 8],
  layers: [2, 6, 12, 24],
  rank: [4, 16, 64],
};

const { values } = parseArgs({
  options: {
    curve: { type: 'string', default: 'length' },
    model: { type: 'string' },
    mode: { type: 'string', default: 'int8' },
    memory: { type: 'string', default: 'fast' },
    steps: { type: 'string', default: '3' },
  },
});
const { curve, mode, memory, steps } = values;
const axis = CURVES[curve];
if (!axis) throw new TypeError(`--curve is one of ${Object.keys(CURVES)}, not ${curve}`);

interface Point {
  readonly stepSeconds: readonly number[];
  readonly flops: number;
  readonly anonymousBytes: number;
  readonly estimate: { readonly anonymousBytes: number };
}

const model = values.model ?? (await randomModel());
const base = { model, mode, memory, steps, ...(curve !== 'length' && curve !== 'rank' && { length: '256' }) };
const points = axis.map((value) => {
  const words = Object.entries({ ...base, [curve]: String(value) }).flatMap(([name, text]) => [`--${name}`, text]);
  const program = join(import.meta.dirname, 'training-curve-point.ts');
  const point = JSON.parse(execFileSync(process.execPath, [program, ...words], { encoding: 'utf8' })) as Point;
  const seconds = point.stepSeconds.toSorted((a, b) => a - b)[point.stepSeconds.length >> 1] ?? Number.NaN;
  const row = { ...point, medianSeconds: seconds, gigaflopsPerSecond: point.flops / seconds / 1e9 };
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);
  console.error(
    `${curve} ${value}: ${seconds.toFixed(3)} s  ${(point.flops / 1e9).toFixed(0)} GFLOP  ` +
      `${row.gigaflopsPerSecond.toFixed(0)} GFLOP/s  ${gigabytes(point.anonymousBytes)} GB, ` +
      `estimate ${gigabytes(point.estimate.anonymousBytes)} GB`,
  );
  return row;
});
const result = {
  measuredAt: new Date().toISOString(),
  processor: cpus()[0]?.model,
  cores: availableParallelism(),
  node: process.version,
  load: loadavg()[0],
  points,
};
const directory = join(import.meta.dirname, 'results');
mkdirSync(directory, { recursive: true });
const name = `training-curve-${curve}${memory === 'low' ? '-low' : ''}.json`;
writeFileSync(join(directory, name), `${JSON.stringify(result, null, 2)}\n`);
