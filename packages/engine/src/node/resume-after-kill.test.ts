import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { TrainConfig } from '../train/train-config.ts';
import { storedToyRun } from './testing/stored-toy-run.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const program = fileURLToPath(new URL('./testing/toy-run-process.ts', import.meta.url));

/** Starts the run, or goes on with it where it was started before. */
function start(directory: string, more: Readonly<Record<string, unknown>> = {}): ChildProcess {
  const options = { directory, resume: hasRun(directory), ...more };
  return spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function hasRun(directory: string): boolean {
  return existsSync(join(directory, 'config.json'));
}

async function linesOf(child: ChildProcess, visit: (line: { type: string; operations?: string[] }) => void) {
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout! })) visit(JSON.parse(line));
  await closed;
}

async function operationsOf(directory: string): Promise<readonly string[]> {
  let operations: readonly string[] = [];
  await linesOf(start(directory), (line) => {
    operations = line.operations ?? operations;
  });
  return operations;
}

/** Lets the run live until its change number `killAt` to the disk. */
async function die(directory: string, killAt: number): Promise<void> {
  const child = start(directory, { killAt });
  await linesOf(child, () => {});
  expect(child.signalCode).toBe('SIGKILL');
}

/** The metrics without the clock's part. */
function metricsOf(directory: string): unknown[] {
  const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => ({ ...JSON.parse(line), tokensPerSecond: 0, secondsLeft: 0 }));
}

/** Finishes the run in this process. @returns all that must not depend on how often it was killed. */
async function finish(directory: string, changes: Partial<TrainConfig> = {}) {
  const { result, model } = await storedToyRun({ directory, resume: hasRun(directory), changes });
  const bytes = model.parameters.map(({ data }) => Buffer.from(data.buffer).toString('hex'));
  return { result, bytes, metrics: metricsOf(directory) };
}

/** What a kill left behind in the middle of writing or removing a checkpoint. */
function unfinishedIn(directory: string): string[] {
  const checkpoints = join(directory, 'checkpoints');
  if (!existsSync(checkpoints)) return [];
  return readdirSync(checkpoints).filter((name) => !/^step-\d{6}$/.test(name));
}

describe('after SIGKILL, a resumed run ends with the same bytes and metrics', () => {
  test('at every kind of change to the disk, in the middle of writes too', { timeout: 120_000 }, async () => {
    const undisturbed = await finish(temporaryDirectory());
    const operations = await operationsOf(temporaryDirectory());
    const kinds = new Map(
      operations.map((kind) => [kind, operations.flatMap((one, i) => (one === kind ? [i + 1] : []))]),
    );
    // The test hits what it is about: half-written files, checkpoints on their way in and out, metrics, the lock.
    expect([...kinds.keys()]).toEqual(expect.arrayContaining(['write', 'appendFile', 'rename step-N', 'rm run.lock']));
    expect([...kinds.keys()]).toEqual(expect.arrayContaining(['rename step-N.removed', 'rm step-N.removed']));
    for (const [kind, places] of kinds) {
      const directory = temporaryDirectory();
      await die(directory, places[places.length >> 1]!);
      expect(await finish(directory), kind).toEqual(undisturbed);
      expect(unfinishedIn(directory)).toEqual([]);
    }
  });

  test('while it is being resumed', { timeout: 120_000 }, async () => {
    const undisturbed = await finish(temporaryDirectory());
    const operations = await operationsOf(temporaryDirectory());
    const directory = temporaryDirectory();
    await die(directory, operations.indexOf('rm step-N.removed') + 1);
    expect(unfinishedIn(directory)).not.toEqual([]);
    // Each life dies one change later than the one before: taking over the lock, cutting metrics, clearing leftovers.
    for (let killAt = 1; killAt <= 10; killAt++) await die(directory, killAt);
    expect(await finish(directory)).toEqual(undisturbed);
  });

  test('again and again in one run, at instants that nobody chose', { timeout: 120_000 }, async () => {
    const changes = { epochs: 20, earlyStop: { patience: 1000, minDelta: 0 } };
    const undisturbed = await finish(temporaryDirectory(), changes);
    const directory = temporaryDirectory();
    let kills = 0;
    for (let life = 1, dead = true; dead; life++) {
      const child = start(directory, { changes });
      let checkpoints = 0;
      await linesOf(child, ({ type }) => {
        if (type === 'checkpoint' && ++checkpoints === 3 * life) child.kill('SIGKILL');
      });
      dead = child.signalCode === 'SIGKILL';
      if (dead) kills++;
      else expect(child.exitCode).toBe(0);
    }
    expect(kills).toBeGreaterThan(0);
    expect(await finish(directory, changes)).toEqual(undisturbed);
  });
});

test('a run in use is refused to others, and free as soon as its process is dead', async () => {
  const directory = temporaryDirectory();
  const child = start(directory, { waitAt: 'start' });
  await once(child.stdout!, 'data');
  await expect(finish(directory)).rejects.toMatchObject({ code: 'engine/run-locked', info: { pid: child.pid } });
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(existsSync(join(directory, 'run.lock'))).toBe(true);
  expect((await finish(directory)).result).toMatchObject({ status: 'complete', step: 9 });
});
