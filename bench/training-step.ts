import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomModel } from './random-model.ts';
import { type StepMeasurement, startStepServer } from './step-server.ts';

/**
 * Time of a training step in float32 beside PEFT's, at Qwen2.5-0.5B's shape: both processes are alive, steps alternate.
 * `node bench/training-step.ts --python PYTHON`; without a Python that has torch, transformers and peft it measures only
 * Skein.
 */
const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    length: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '7' },
    threads: { type: 'string', default: '2' },
  },
});

const model = await randomModel();
const words = ['--model', model, '--length', values.length, '--threads', values.threads];
const here = import.meta.dirname;
const servers = [
  startStepServer('skein', [process.execPath, join(here, 'training-step-server.ts'), ...words]),
  ...(values.python === undefined
    ? []
    : [startStepServer('peft', [values.python, join(here, 'peers/training_step_server.py'), ...words])]),
];

const measured = new Map<string, StepMeasurement[]>(servers.map(({ name }) => [name, []]));
// The first step of each opens files and makes sessions; it does not count.
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const server of servers) {
    // Threads of the other process may spin for a while before they sleep.
    await setTimeout(1000);
    const measurement = await server.step();
    console.error(`${round} ${server.name} ${measurement.seconds.toFixed(2)} s  loss ${measurement.loss.toFixed(5)}`);
    if (round > 0) measured.get(server.name)?.push(measurement);
  }
}
for (const server of servers) server.stop();

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const summary = [...measured].map(([name, steps]) => {
  const seconds = median(steps.map((step) => step.seconds));
  return {
    name,
    seconds,
    tokensPerSecond: Number(values.length) / seconds,
    anonymousBytes: Math.max(...steps.map((step) => step.anonymousBytes)),
    peakBytes: Math.max(...steps.map((step) => step.peakBytes)),
  };
});
const [skein, peft] = summary;
const speedUp = skein && peft ? skein.tokensPerSecond / peft.tokensPerSecond : null;
console.log(JSON.stringify({ length: Number(values.length), threads: Number(values.threads), summary, speedUp }));
