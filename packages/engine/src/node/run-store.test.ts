import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openRunStore } from './run-store.ts';
import { storedToyRun } from './testing/stored-toy-run.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const config = { seed: 1, adamW: { beta1: 0.9 } };

describe('openRunStore', () => {
  test('a run leaves its settings, one line per step and evaluation, and the newest two checkpoints', async () => {
    const directory = join(temporaryDirectory(), 'runs', 'first');
    await storedToyRun({ directory, resume: false });
    expect(readdirSync(directory).sort()).toEqual(['checkpoints', 'config.json', 'metrics.jsonl']);
    expect(readdirSync(join(directory, 'checkpoints')).sort()).toEqual(['step-000008', 'step-000009']);
    expect(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'))).toMatchObject({ schedule: 'cosine' });
    const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const told = lines.map((line) => JSON.parse(line)).map(({ type, step }) => `${type} ${step}`);
    expect(told.join(', ')).toBe(
      'step 1, step 2, step 3, step 4, evaluation 4, step 5, step 6, step 7, step 8, evaluation 8, step 9, evaluation 9',
    );
  });

  test('a finished run, resumed, does nothing and gives the same parameters', async () => {
    const directory = temporaryDirectory();
    const first = await storedToyRun({ directory, resume: false });
    const metrics = readFileSync(join(directory, 'metrics.jsonl'));
    const types: string[] = [];
    const again = await storedToyRun({ directory, resume: true, onEvent: ({ type }) => void types.push(type) });
    expect(again.result).toEqual(first.result);
    expect(again.model.parameters).toEqual(first.model.parameters);
    expect(types).toEqual(['start', 'end']);
    expect(readFileSync(join(directory, 'metrics.jsonl'))).toEqual(metrics);
  });

  test('refuses to start where a run is, and to resume where none is, without touching the disk', async () => {
    const directory = temporaryDirectory();
    const none = join(directory, 'none');
    await expect(openRunStore({ directory: none, config, resume: true })).rejects.toMatchObject({
      code: 'engine/run-missing',
    });
    expect(existsSync(none)).toBe(false);
    await (await openRunStore({ directory, config, resume: false })).close();
    await expect(openRunStore({ directory, config, resume: false })).rejects.toMatchObject({
      code: 'engine/run-exists',
    });
    expect(existsSync(join(directory, 'run.lock'))).toBe(false);
  });

  test('a run that lost its settings is not overwritten', async () => {
    const directory = temporaryDirectory();
    await storedToyRun({ directory, resume: false });
    rmSync(join(directory, 'config.json'));
    await expect(storedToyRun({ directory, resume: false })).rejects.toMatchObject({ code: 'engine/run-exists' });
    expect(readFileSync(join(directory, 'metrics.jsonl'), 'utf8')).not.toBe('');
  });

  test('refuses to resume with other settings and names the fields', async () => {
    const directory = temporaryDirectory();
    await (await openRunStore({ directory, config, resume: false })).close();
    const other = { seed: 2, adamW: { beta1: 0.8 } };
    await expect(openRunStore({ directory, config: other, resume: true })).rejects.toMatchObject({
      code: 'engine/other-config',
      message: `The run in ${directory} was started with other settings: seed: 2 instead of 1, adamW.beta1: 0.8 instead of 0.9.`,
    });
    const reordered = { adamW: { beta1: 0.9 }, seed: 1 };
    await (await openRunStore({ directory, config: reordered, resume: true })).close();
  });

  test('refuses settings that are not JSON before anything is written', async () => {
    const directory = join(temporaryDirectory(), 'run');
    await expect(openRunStore({ directory, config: { rate: Number.NaN }, resume: false })).rejects.toThrow(TypeError);
    expect(existsSync(directory)).toBe(false);
  });

  test('clears what a killed process left unfinished', async () => {
    const directory = temporaryDirectory();
    await storedToyRun({ directory, resume: false });
    for (const name of ['step-000010.partial', 'step-000007.removed']) {
      mkdirSync(join(directory, 'checkpoints', name));
      writeFileSync(join(directory, 'checkpoints', name, 'state.json'), '{');
    }
    await storedToyRun({ directory, resume: true });
    expect(readdirSync(join(directory, 'checkpoints')).sort()).toEqual(['step-000008', 'step-000009']);
  });

  test.each(['state.json', 'tensors.safetensors'])(
    'a damaged %s is named; without it the run ends the same',
    async (name) => {
      const directory = temporaryDirectory();
      const first = await storedToyRun({ directory, resume: false });
      const newest = join(directory, 'checkpoints', 'step-000009');
      truncateSync(join(newest, name), 40);
      await expect(storedToyRun({ directory, resume: true })).rejects.toMatchObject({
        code: 'engine/checkpoint-damaged',
        message: `The checkpoint ${newest} cannot be read.`,
      });
      rmSync(newest, { recursive: true });
      const again = await storedToyRun({ directory, resume: true });
      expect(again.result).toEqual(first.result);
      expect(again.model.parameters).toEqual(first.model.parameters);
    },
  );
});

describe('a full disk', () => {
  const program = fileURLToPath(new URL('./testing/toy-run-process.ts', import.meta.url));

  /** Runs the toy run by a shell; `$NODE $PROGRAM "$OPTIONS"` in the script is the run. */
  function runInShell(script: string, directory: string) {
    const options = JSON.stringify({ directory, resume: false, vocabulary: 40 });
    const env = { ...process.env, NODE: process.execPath, PROGRAM: program, OPTIONS: options, DIRECTORY: directory };
    return spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
  }

  function lastLine(output: string) {
    return JSON.parse(output.trimEnd().split('\n').at(-1)!);
  }

  test.skipIf(process.platform === 'win32')(
    'in the middle of a checkpoint ends the run and leaves no trace of it',
    () => {
      const directory = temporaryDirectory();
      // A limit of 8 KiB to a file, in blocks of 512 bytes; the tensors take 19 KiB.
      const { stdout } = runInShell('ulimit -f 16 && exec "$NODE" "$PROGRAM" "$OPTIONS"', directory);
      const path = join(directory, 'checkpoints', 'step-000001');
      expect(lastLine(stdout)).toEqual({
        type: 'error',
        code: 'engine/disk-full',
        message: `The disk is full: ${path} could not be written.`,
      });
      expect(readdirSync(join(directory, 'checkpoints'))).toEqual([]);
    },
  );

  const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  test.skipIf(!canMount)('keeps the last good checkpoints, from which the run goes on elsewhere', async () => {
    const directory = temporaryDirectory();
    const copy = join(temporaryDirectory(), 'copy');
    const mount = 'mount -t tmpfs -o size=96k tmpfs "$DIRECTORY"';
    const script = `${mount} && "$NODE" "$PROGRAM" "$OPTIONS"; cp -r "$DIRECTORY" "${copy}"`;
    const { stdout } = runInShell(`exec unshare -Urm sh -c '${script}'`, directory);
    expect(lastLine(stdout)).toMatchObject({ type: 'error', code: 'engine/disk-full' });
    const left = readdirSync(join(copy, 'checkpoints'));
    expect(left).toHaveLength(2);
    for (const name of left) expect(name).toMatch(/^step-\d{6}$/);
    const [undisturbed, resumed] = [
      await storedToyRun({ directory: temporaryDirectory(), resume: false, vocabulary: 40 }),
      await storedToyRun({ directory: copy, resume: true, vocabulary: 40 }),
    ];
    expect(resumed.model.parameters).toEqual(undisturbed.model.parameters);
  });
});
