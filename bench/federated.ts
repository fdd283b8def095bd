import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adamWDefaults, LINEARS } from '@skein/engine';
import { createLocalTrainer, createWorkerRuntime } from '@skein/engine/node';
import { compareTrainings, type Settings } from './federated-comparison.ts';

/**
 * What federating is worth on the sample data, in one process and without cryptography, but quantised as the masked
 * sum is: `node bench/federated.ts --fields clinics,schools,banks --seeds 1,2,3,4,5`. Prints one JSON object a line:
 * the base model, each member alone, federated, and all data pooled, all with the same method, steps and tuning.
 */
const SETTINGS: Settings = {
  method: { kind: 'ffa-lora', rank: 16, alpha: 32, targets: Object.keys(LINEARS), seed: 1 },
  rounds: 8,
  localSteps: 20,
  // The change of a round is at most 0.15 in a coordinate and 20 in L2, so that neither clip cuts anything.
  quantiser: { clipNorm: 40, range: 0.25, weights: 'equal' },
  // The members' changes hardly overlap, so that their mean is too short a step (1.5, and 2 too, does better than 1).
  strategy: { kind: 'fedavg', rate: 1.5 },
  // Of every member's data, to vote with; pooled and alone leave it out as well.
  evaluationFraction: 0.1,
  rows: { batch: 8, maxLength: 128, packing: 'rows', overlong: 'error' },
  train: {
    seed: 1,
    accumulationSteps: 1,
    // High beside the usual 2e-4: the model is small, and so is what it has to learn.
    learningRate: 8e-3,
    schedule: 'cosine',
    warmup: { ratio: 0.05 },
    maxGradientNorm: 1,
    adamW: adamWDefaults,
  },
};

const { values } = parseArgs({
  options: {
    fields: { type: 'string', default: 'clinics' },
    seeds: { type: 'string', default: '1,2,3,4,5' },
  },
});
const root = join(import.meta.dirname, '..');
const model = join(root, 'models', 'skein-small');
const generator = join(root, 'scripts/sample-world/generate-samples.ts');
const work = mkdtempSync(join(tmpdir(), 'skein-federated-'));
const runtimes = [createWorkerRuntime(), createWorkerRuntime()];
try {
  const { method } = SETTINGS;
  const open = runtimes.map((runtime) => createLocalTrainer(runtime, { model, method, threads: 1 }));
  const trainers = await Promise.all(open);
  for (const seed of values.seeds.split(',')) {
    const samples = join(work, `samples-${seed}`);
    execFileSync(process.execPath, [generator, '--seed', seed, '--out', samples]);
    for (const field of values.fields.split(',')) {
      const folder = join(samples, field);
      const members = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const data = members.map(({ name }) => join(folder, name, 'train.jsonl')).toSorted();
      const exam = { test: join(folder, 'test.jsonl'), joins: join(folder, 'joins.jsonl') };
      const before = process.cpuUsage();
      const started = performance.now();
      const figures = await compareTrainings(trainers, { data, exam, work: join(work, `${field}-${seed}`) }, SETTINGS);
      const seconds = Math.round((performance.now() - started) / 1000);
      const { user, system } = process.cpuUsage(before);
      console.log(
        JSON.stringify({ field, seed: Number(seed), ...figures, seconds, cpuSeconds: (user + system) / 1e6 }),
      );
    }
  }
} finally {
  for (const runtime of runtimes) await runtime.close();
  rmSync(work, { recursive: true });
}
