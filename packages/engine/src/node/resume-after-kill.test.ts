import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openRunStore } from './run-store.ts';
import { storedToyRun } from './testing/stored-toy-run.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const program = fileURLToPath(new URL('./testing/toy-run-process.ts', import.meta.url));

function start(directory: string, killAt = 0): ChildProcess {
  const options = { directory, resume: existsSync(join(directory, 'config.json')), killAt };
  return spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function linesOf(child: ChildProcess, visit: (line: { type: string; count?: number }) => void) {
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout! })) visit(JSON.parse(line));
  await closed;
}

/** The metrics without the clock's part. */
function metricsOf(directory: string): unknown[] {
  const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => ({ ...JSON.parse(line), tokensPerSecond: 0, secondsLeft: 0 }));
}

/** Finishes the run in this process and holds it against the undisturbed one: bytes, result and metrics. */
async function expectSameEnd(directory: string): Promise<void> {
  const { result, model } = await storedToyRun({ directory, resume: existsSync(join(directory, 'config.json')) });
  expect(result).toEqual(undisturbed.result);
  expect(bytesOf(model.parameters)).toEqual(undisturbed.bytes);
  expect(metricsOf(directory)).toEqual(undisturbed.metrics);
}

function bytesOf(parameters: readonly { data: Float32Array }[]): string[] {
  return parameters.map(({ data }) => Buffer.from(data.buffer).toString('hex'));
}

let undisturbed: { result: unknown; bytes: string[]; metrics: unknown[]; operations: number };

beforeAll(async () => {
  const directory = temporaryRunDirectory();
  const { result, model } = await storedToyRun({ directory, resume: false });
  const counted = temporaryRunDirectory();
  let operations = 0;
  await linesOf(start(counted), (line) => {
    if (line.type === 'operations') operations = line.count!;
  });
  undisturbed = { result, bytes: bytesOf(model.parameters), metrics: metricsOf(directory), operations };
});

describe('after SIGKILL, a resumed run ends with the same bytes and metrics', () => {
  test('at file operations all over the run, in the middle of writes too', { timeout: 120_000 }, async () => {
    expect(undisturbed.operations).toBeGreaterThan(200);
    const leftovers = new Set<string>();
    // About 33 operations make a checkpoint; 13 meets all of its places in turn.
    for (let killAt = 1; killAt <= undisturbed.operations; killAt += 13) {
      const directory = temporaryDirectory();
      const child = start(directory, killAt);
      await linesOf(child, () => {});
      expect(child.signalCode).toBe('SIGKILL');
      for (const name of unfinishedIn(directory)) leftovers.add(name);
      await expectSameEnd(directory);
      expect(unfinishedIn(directory)).toEqual([]);
    }
    // The kills did hit half-written checkpoints and half-removed ones.
    expect([...leftovers].some((name) => name.endsWith('.partial'))).toBe(true);
  });

  test('again and again in one run, at instants that nobody chose', { timeout: 120_000 }, async () => {
    const directory = temporaryDirectory();
    let kills = 0;
    for (let finished = false; !finished; ) {
      const child = start(directory);
      let checkpoints = 0;
      await linesOf(child, ({ type }) => {
        if (type === 'checkpoint' && ++checkpoints === 2) child.kill('SIGKILL');
      });
      finished = child.signalCode === null;
      if (!finished) kills++;
      else expect(child.exitCode).toBe(0);
    }
    expect(kills).toBeGreaterThan(0);
    await expectSameEnd(directory);
  });
});

test('a run in use is refused to others, and free as soon as its process is dead', async () => {
  const directory = temporaryDirectory();
  const child = start(directory);
  const config = JSON.parse('{}');
  let refusal: unknown = null;
  await linesOf(child, async ({ type }) => {
    if (type !== 'start') return;
    child.kill('SIGSTOP');
    refusal = await openRunStore({ directory, config, resume: true }).catch((error: unknown) => error);
    child.kill('SIGKILL');
  });
  expect(refusal).toMatchObject({ code: 'engine/run-locked', info: { pid: child.pid } });
  await expectSameEnd(directory);
});

function unfinishedIn(directory: string): string[] {
  const checkpoints = join(directory, 'checkpoints');
  if (!existsSync(checkpoints)) return [];
  return readdirSync(checkpoints).filter((name) => !/^step-\d{6}$/.test(name));
}
