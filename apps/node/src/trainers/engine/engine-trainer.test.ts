import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { samplePlan } from '../../testing/sample-plan.ts';
import { createEngineTrainer } from './engine-trainer.ts';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const program = fileURLToPath(new URL('../../testing/train-process.ts', import.meta.url));
const subject = {
  plan: samplePlan({ local: { ...samplePlan().local, steps: 20 } }),
  model: join(root, 'models/skein-small'),
  data: [join(root, 'samples/clinics/hill/train.jsonl')],
  threads: 1,
};
const signal = new AbortController().signal;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-trainer-'));
});
afterEach(async () => await rm(directory, { recursive: true, maxRetries: 5 }));

const start = (at: string): ChildProcess =>
  spawn(process.execPath, [program, JSON.stringify({ subject, directory: at })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

describe('the built-in trainer', () => {
  it('goes on after kill -9 of the node in mid-training, to the same bytes', async () => {
    const undisturbed = await text(start(join(directory, 'a')).stdout!);
    expect(JSON.parse(undisturbed).examples).toBeGreaterThan(10);

    const at = join(directory, 'b');
    const killed = start(at);
    while (!existsSync(join(at, 'checkpoints', 'step-000002'))) await turn();
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(await text(killed.stdout!)).toBe('');
    expect(await text(start(at).stdout!)).toBe(undisturbed);
  });

  it('is stopped between steps, and goes on to the same bytes in the same process', async () => {
    const trainer = createEngineTrainer(subject);
    const parameters = await trainer.initial();
    const task = (at: string, stop = signal) => ({
      parameters,
      round: 0,
      seed: 1,
      directory: join(directory, at),
      signal: stop,
    });
    const undisturbed = await trainer.train(task('a'));
    const stop = new AbortController();
    const running = trainer.train(task('b', stop.signal));
    while (!existsSync(join(directory, 'b', 'checkpoints', 'step-000001'))) await turn();
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(await trainer.train(task('b'))).toEqual(undisturbed);

    expect(await trainer.describe()).toEqual({ name: 'engine', parameterCount: parameters.length });
    expect((await trainer.info()).modelDigest).toMatch(/^sha256:/);
    const before = await trainer.evaluate(parameters, signal);
    const after = await trainer.evaluate(
      parameters.map((value, i) => value + undisturbed.update[i]!),
      signal,
    );
    expect(Number.isInteger(before)).toBe(true);
    expect(after).not.toBe(before);
    await trainer.close();
  });

  it('tells the engine’s own errors', async () => {
    const trainer = createEngineTrainer({ ...subject, data: [join(directory, 'missing.jsonl')] });
    const parameters = await trainer.initial();
    const evaluating = trainer.evaluate(parameters, signal);
    await expect(evaluating).rejects.toThrow(expect.objectContaining({ code: 'engine/data-file-unreadable' }));
    await trainer.close();
  });
});
