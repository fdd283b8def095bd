import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOfBytes, type Update, unflattenUpdate } from '@skein/core';
import { afterAll, describe, expect, test } from 'vitest';
import type { TrainEvent } from '../train/train-event.ts';
import { readAdapter } from './adapter-folder.ts';
import { createLocalTrainer, type LocalTrainer } from './local-trainer.ts';
import { openModelFolder } from './model-folder.ts';
import { readAllWeights } from './model-weights.ts';
import { ffaMethod, localRound, writeLocalFiles } from './testing/local-round.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';
import type { LocalMethod } from './trainable-part.ts';
import { createWorkerRuntime } from './worker-runtime.ts';

const runtime = createWorkerRuntime();
afterAll(() => runtime.close());

async function open(method: LocalMethod = ffaMethod) {
  const folder = temporaryDirectory();
  const { model, data } = await writeLocalFiles(folder);
  const trainer = await createLocalTrainer(runtime, { model, method, threads: 1 });
  const exam = { files: [data], maxLength: 32, overlong: 'error', exactMatch: true } as const;
  return { folder, model, data, exam, trainer };
}

const namesOf = ({ manifest }: LocalTrainer) => manifest.tensors.map(({ name }) => name);
const digestOf = ({ values }: Update) => digestOfBytes(new Uint8Array(values.buffer));

describe('what is trained', () => {
  test('FFA-LoRA: B alone, from zero', async () => {
    const { trainer } = await open();
    expect(namesOf(trainer)).toEqual([
      'model.layers.0.mlp.up_proj.lora_B.weight',
      'model.layers.0.self_attn.q_proj.lora_B.weight',
    ]);
    expect(new Set(trainer.initial.values)).toEqual(new Set([0]));
  });

  test('LoRA: A and B; the seed decides A, on every machine', async () => {
    const { trainer } = await open({ ...ffaMethod, kind: 'lora' });
    expect(namesOf(trainer)).toHaveLength(4);
    expect(digestOf(trainer.initial)).toBe(LORA_DIGEST);
  });

  test('full: every weight, from its value, written as a model', async () => {
    const { trainer, folder, model } = await open({ kind: 'full' });
    const weights = await readAllWeights(await openModelFolder(model));
    const initial = new Map(unflattenUpdate(trainer.initial).map(({ name, data }) => [name, data]));
    expect(initial).toEqual(new Map(weights.map(({ name, data }) => [name, data])));
    const changed = { ...trainer.initial, values: trainer.initial.values.map((value) => value + 1) };
    await trainer.write(join(folder, 'out'), changed);
    const written = await createLocalTrainer(runtime, {
      model: join(folder, 'out'),
      method: { kind: 'full' },
      threads: 1,
    });
    expect(written.initial).toEqual(changed);
    expect(written.modelDigest).not.toBe(trainer.modelDigest);
  });
});

describe('a round', () => {
  test('learns, leaves the global parameters alone, and tells what it used', async () => {
    const { trainer, folder, data, exam } = await open();
    const before = await trainer.evaluate(trainer.initial, exam);
    const events: TrainEvent[] = [];
    const directory = join(folder, 'run');
    const onEvent = (event: TrainEvent) => void events.push(event);
    const round = localRound({ directory, data: [data], parameters: trainer.initial, onEvent });
    const train = { ...round.train, learningRate: 0.2 };
    const stretch = { firstStep: 0, totalSteps: 30 };
    const result = await trainer.trainRound({ ...round, train, steps: 30, stretch });
    expect(new Set(trainer.initial.values)).toEqual(new Set([0]));
    expect(result.parameters.manifest).toEqual(trainer.manifest);
    const steps = events.filter((event) => event.type === 'step');
    expect(steps).toHaveLength(30);
    const sum = (key: 'tokens' | 'labelledTokens') => steps.reduce((total, step) => total + step[key], 0);
    expect(result).toMatchObject({ examples: 7, tokens: sum('tokens'), labelledTokens: sum('labelledTokens') });
    // Weighted by tokens, the mean of the steps' losses; it lies between the ends of a falling curve.
    expect(result.lossNatsPerToken).toBeLessThan(steps[0]!.loss);
    expect(result.lossNatsPerToken).toBeGreaterThan(steps.at(-1)!.loss);
    const after = await trainer.evaluate(result.parameters, exam);
    expect(after.lossNatsPerToken).toBeLessThan(0.95 * before.lossNatsPerToken);
    expect(before).toMatchObject({ examples: 7, questions: 7, exactMatch: 0 });
    expect((await trainer.evaluate(trainer.initial, exam)).lossNatsPerToken).toBe(before.lossNatsPerToken);
  });

  test('gives an adapter for PEFT, in which A is as it was drawn', async () => {
    const { trainer, folder, model, data, exam } = await open();
    const lora = await createLocalTrainer(runtime, { model, method: { ...ffaMethod, kind: 'lora' }, threads: 1 });
    const round = localRound({ directory: join(folder, 'run'), data: [data], parameters: trainer.initial });
    const { parameters } = await trainer.trainRound(round);
    await trainer.write(join(folder, 'adapter'), parameters);
    const adapter = await readAdapter(join(folder, 'adapter'), await openModelFolder(model));
    const drawn = new Map(unflattenUpdate(lora.initial).map(({ name, data: values }) => [name, values]));
    const trained = new Map(unflattenUpdate(parameters).map(({ name, data: values }) => [name, values]));
    for (const { name, data: values } of adapter.parameters) {
      expect(values).toEqual(name.includes('lora_A') ? drawn.get(name) : trained.get(name));
    }
    // As an ordinary adapter, A and B both given, the model computes the same.
    const values = new Float32Array(lora.initial.values.length);
    for (const tensor of unflattenUpdate({ ...lora.initial, values })) {
      tensor.data.set(adapter.parameters.find(({ name }) => name === tensor.name)!.data);
    }
    const whole = await lora.evaluate({ ...lora.initial, values }, exam);
    // rtol 1e-6: A is a constant of one graph and an input of the other.
    const { lossNatsPerToken } = await trainer.evaluate(parameters, exam);
    expect(Math.abs(whole.lossNatsPerToken / lossNatsPerToken - 1)).toBeLessThan(1e-6);
  });

  test('ends with the same bytes and totals wherever it was killed or interrupted', { timeout: 120_000 }, async () => {
    const { trainer, folder, model, data } = await open();
    const options = (directory: string, signal?: AbortSignal) =>
      localRound({ directory, data: [data], parameters: trainer.initial, ...(signal && { signal }) });
    const undisturbed = await trainer.trainRound(options(join(folder, 'undisturbed')));
    expect(digestOf(undisturbed.parameters)).not.toBe(digestOf(trainer.initial));

    const program = fileURLToPath(new URL('./testing/local-round-process.ts', import.meta.url));
    const live = (directory: string, killAt: number) =>
      spawnSync(process.execPath, [program, JSON.stringify({ model, data, directory, killAt })], { encoding: 'utf8' });
    const operations = JSON.parse(live(join(folder, 'counted'), 0).stdout) as string[];
    expect(operations.filter((name) => name === 'rename step-N')).toHaveLength(5);
    const places = [1, operations.indexOf('rename step-N') + 1, operations.lastIndexOf('write'), operations.length];
    for (const killAt of places) {
      const directory = join(folder, `killed-${killAt}`);
      expect(live(directory, killAt).signal).toBe('SIGKILL');
      expect(await trainer.trainRound(options(directory))).toEqual(undisturbed);
    }

    const stop = new AbortController();
    const interrupted = options(join(folder, 'interrupted'), stop.signal);
    const onEvent = ({ type, step }: TrainEvent) => void (type === 'step' && step === 2 && stop.abort('enough'));
    await expect(trainer.trainRound({ ...interrupted, onEvent })).rejects.toBe('enough');
    expect(await trainer.trainRound(options(join(folder, 'interrupted')))).toEqual(undisturbed);
    // And once more after the end, as after a kill before the result was sent.
    expect(await trainer.trainRound(options(join(folder, 'undisturbed')))).toEqual(undisturbed);
  });

  test('trains on one side of a split, evaluates on the other', async () => {
    const { trainer, folder, data, exam } = await open();
    const split = { fraction: 0.3, seed: 1 };
    const round = localRound({ directory: join(folder, 'run'), data: [data], parameters: trainer.initial, split });
    const { examples } = await trainer.trainRound(round);
    const held = await trainer.evaluate(trainer.initial, { ...exam, split });
    const whole = await trainer.evaluate(trainer.initial, exam);
    expect(held.examples + examples).toBe(7);
    expect(held.questions).toBe(held.examples);
    expect(held.tokens).toBeLessThan(whole.tokens);
  });

  test('runs beside an evaluation, one after the other', async () => {
    const { trainer, folder, data, exam } = await open();
    const round = (name: string) =>
      localRound({ directory: join(folder, name), data: [data], parameters: trainer.initial });
    const before = await trainer.evaluate(trainer.initial, exam);
    const [first, between, second] = await Promise.all([
      trainer.trainRound(round('first')),
      trainer.evaluate(trainer.initial, exam),
      trainer.trainRound(round('second')),
    ]);
    expect(between).toEqual(before);
    expect(second).toEqual(first);
  });
});

describe('refusals', () => {
  test('another base model', async () => {
    const { model, trainer } = await open();
    const options = { model, method: ffaMethod, threads: 1 };
    const other = `sha256:${'0'.repeat(64)}` as typeof trainer.modelDigest;
    await expect(createLocalTrainer(runtime, { ...options, modelDigest: other })).rejects.toMatchObject({
      code: 'engine/other-model',
    });
    await expect(createLocalTrainer(runtime, { ...options, modelDigest: trainer.modelDigest })).resolves.toBeDefined();
  });

  test('parameters of another rank', async () => {
    const { model, trainer, exam } = await open();
    const wider = await createLocalTrainer(runtime, { model, method: { ...ffaMethod, rank: 3 }, threads: 1 });
    await expect(trainer.evaluate(wider.initial, exam)).rejects.toMatchObject({ code: 'engine/update-mismatch' });
  });

  test('a directory in which a round with other parameters, or on other data, was started', async () => {
    const { trainer, folder, data } = await open();
    const round = localRound({ directory: join(folder, 'run'), data: [data], parameters: trainer.initial });
    const { parameters } = await trainer.trainRound(round);
    const otherConfig = {
      code: 'engine/other-config',
      info: { differences: [expect.stringContaining('parameters: ')] },
    };
    await expect(trainer.trainRound({ ...round, parameters })).rejects.toMatchObject(otherConfig);
    writeFileSync(data, readFileSync(data, 'utf8').replace('Number', 'numeral'));
    await expect(trainer.trainRound(round)).rejects.toMatchObject({ code: 'engine/other-config' });
  });
});

/** Of the arrays drawn from seed 5, as xoshiro128** gives them. */
const LORA_DIGEST = 'sha256:fd939378f1ac92a7a46f57b9559c7e3a4f691da4b9b5e7b03fcbcbe220791e3d';
