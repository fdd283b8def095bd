import { availableParallelism, cpus, loadavg } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomModel } from './random-model.ts';
import { type StepMeasurement, startStepServer } from './step-server.ts';

/**
 * Training steps of both modes beside PEFT in its three precisions, at Qwen2.5-0.5B's shape: all processes are alive and
 * take turns of some steps, every position is labelled on every side. A turn's first step, which finds the caches full of
 * what the others needed, is told apart. Writes bench/results/training-modes.json.
 * `node bench/training-modes.ts --python PYTHON [--only int8,peft-autocast]`, or for a step in little memory
 * `node bench/training-modes.ts --only int8,int8-low --out low-memory`
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    model: { type: 'string' },
    length: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '5' },
    turn: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'training-modes' },
    only: { type: 'string', default: 'fp32,int8,peft-fp32,peft-autocast,peft-bf16' },
  },
});

const model = values.model ?? (await randomModel());
const words = ['--model', model, '--length', values.length, '--threads', values.threads];
const here = import.meta.dirname;
const servers = values.only.split(',').flatMap((name) => {
  if (!name.startsWith('peft-')) {
    const program = join(here, 'training-step-server.ts');
    const low = name.endsWith('-low') ? ['--recompute'] : [];
    return [startStepServer(name, [process.execPath, program, ...words, '--mode', name.replace('-low', ''), ...low])];
  }
  if (values.python === undefined) return [];
  const program = join(here, 'peers/training_step_server.py');
  return [startStepServer(name, [values.python, program, ...words, '--precision', name.slice('peft-'.length)])];
});

const measured = new Map<string, StepMeasurement[]>(servers.map(({ name }) => [name, []]));
const firstOfTurns = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
const loads: number[] = [];
// The first turn of each opens files and makes sessions; it does not count.
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const server of servers) {
    // Threads of the other process may spin for a while before they sleep.
    await setTimeout(500);
    for (let step = 0; step < Number(values.turn); step++) {
      const measurement = await server.step();
      const { seconds, loss } = measurement;
      console.error(`${round} ${server.name} ${seconds.toFixed(2)} s  loss ${loss.toFixed(5)}`);
      if (round === 0) continue;
      if (step === 0) firstOfTurns.get(server.name)?.push(seconds);
      else measured.get(server.name)?.push(measurement);
    }
  }
  loads.push(loadavg()[0] as number);
}
for (const server of servers) server.stop();

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const tokens = Number(values.length);
const summary = [...measured].map(([name, steps]) => ({
  name,
  medianSeconds: median(steps.map(({ seconds }) => seconds)),
  leastSeconds: Math.min(...steps.map(({ seconds }) => seconds)),
  firstOfTurnSeconds: median(firstOfTurns.get(name) ?? []),
  tokensPerSecond: tokens / median(steps.map(({ seconds }) => seconds)),
  anonymousBytes: Math.max(...steps.map(({ anonymousBytes }) => anonymousBytes)),
  peakBytes: Math.max(...steps.map(({ peakBytes }) => peakBytes)),
  firstLoss: steps[0]?.loss,
}));
const result = {
  measuredAt: new Date().toISOString(),
  processor: cpus()[0]?.model,
  cores: availableParallelism(),
  node: process.version,
  length: tokens,
  threads: Number(values.threads),
  load: { least: Math.min(...loads), most: Math.max(...loads) },
  summary,
};
mkdirSync(join(here, 'results'), { recursive: true });
writeFileSync(join(here, `results/${values.out}.json`), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result));
