import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

/** A Python with torch, transformers and peft; without it this file is passed over. docs/python-worker.md says how. */
const python = process.env['SKEIN_PEER_PYTHON'];

const root = join(import.meta.dirname, '../..');
const model = join(root, 'models/skein-small');
const clinics = join(root, 'samples/clinics');
const directory = mkdtempSync(join(tmpdir(), 'skein-peer-trainer-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const PYTHON = ['--trainer', 'python', '--python', python ?? ''];
const SUBJECT = ['--model', model, '--data', join(clinics, 'hill/train.jsonl')];
const COURSE = [
  '--rate',
  '4e-3',
  '--warmup',
  '0',
  '--packing',
  'rows',
  '--length',
  '128',
  '--batch',
  '2',
  '--accumulate',
  '2',
];
const TARGETS = ['--targets', 'q_proj', '--targets', 'down_proj', '--targets', 'lm_head'];

function start(...words: string[]): ChildProcess {
  return spawn(process.execPath, [join(root, 'apps/cli/src/main.ts'), ...words, '--json'], { cwd: directory });
}

interface Ending {
  readonly code: number;
  readonly json: Record<string, unknown>;
  readonly talk: string;
}

async function endOf(child: ChildProcess): Promise<Ending> {
  const texts = ['', ''];
  child.stdout!.on('data', (part: Buffer) => (texts[0] += part.toString()));
  child.stderr!.on('data', (part: Buffer) => (texts[1] += part.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const last = texts[0]!.trimEnd().split('\n').at(-1) ?? '';
  return { code, json: JSON.parse(last || '{}') as Record<string, unknown>, talk: texts[1]! };
}

async function skein(...words: string[]): Promise<Ending> {
  const ending = await endOf(start(...words));
  expect(ending, ending.talk).toMatchObject({ code: 0 });
  return ending;
}

const train = (out: string, ...more: string[]) => skein('train', ...SUBJECT, ...COURSE, '--out', out, ...more);

interface Metric {
  readonly type: string;
  readonly step: number;
  readonly loss: number;
  readonly [name: string]: unknown;
}

const metricsOf = (run: string): Metric[] =>
  readFileSync(join(directory, run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Metric);

const adapterOf = (run: string) => readFileSync(join(directory, run, 'adapter/adapter_model.safetensors'));

async function evaluate(...of: string[]): Promise<number> {
  const data = ['--data', join(clinics, 'test.jsonl'), '--loss-only'];
  const { json } = await skein('eval', '--model', model, ...data, ...of);
  return (json['files'] as { loss: number }[])[0]!.loss;
}

test.runIf(python)(
  'both trainers go the same course, and each goes on from the other’s adapter',
  { timeout: 600_000 },
  async () => {
    const held = ['--validation', join(clinics, 'lake/train.jsonl'), '--evaluate-every', '4', '--patience', '1'];
    const course = ['--steps', '10', ...held, '--min-gain', '0'];
    await train('here', ...TARGETS, ...course);
    await train('there', ...TARGETS, ...course, ...PYTHON);
    const [here, there] = [metricsOf('here'), metricsOf('there')];
    expect(here.filter(({ type }) => type === 'step')).toHaveLength(10);
    expect(there).toHaveLength(here.length);
    for (const [index, ours] of here.entries()) {
      const { type, step, epoch, tokens, labelledTokens, best } = ours;
      const theirs = there[index]!;
      expect(theirs).toMatchObject(JSON.parse(JSON.stringify({ type, step, epoch, tokens, labelledTokens, best })));
      // The first step starts from the same adapter; later ones carry the rounding of AdamW's divisions.
      expect(Math.abs(theirs.loss / ours.loss - 1)).toBeLessThan(step === 1 ? 1e-5 : 1e-3);
      if (type !== 'step') continue;
      expect(Math.abs((theirs['gradientNorm'] as number) / (ours['gradientNorm'] as number) - 1)).toBeLessThan(1e-3);
      expect(Math.abs((theirs['learningRate'] as number) - (ours['learningRate'] as number))).toBeLessThan(1e-12);
    }
    const [base, ours, theirs] = [
      await evaluate(),
      await evaluate('--adapter', 'here/adapter'),
      await evaluate('--adapter', 'there/adapter'),
    ];
    expect(Math.abs(theirs / ours - 1)).toBeLessThan(1e-3);
    expect(theirs).toBeLessThan(base * 0.95);

    await train('here-on', '--steps', '1', '--adapter', 'there/adapter');
    await train('there-on', '--steps', '1', '--adapter', 'there/adapter', ...PYTHON);
    expect(Math.abs(metricsOf('there-on')[0]!.loss / metricsOf('here-on')[0]!.loss - 1)).toBeLessThan(1e-5);
  },
);

test.runIf(python)(
  'a stopped run goes on and ends with the bytes of one that was left alone',
  { timeout: 600_000 },
  async () => {
    const course = ['--steps', '6', '--dropout', '0.1', '--checkpoint-every', '2', ...PYTHON];
    await train('whole', ...course);
    const child = start('train', ...SUBJECT, ...COURSE, '--out', 'stopped', ...course);
    const ending = endOf(child);
    child.stderr!.on('data', (part: Buffer) => {
      if (part.toString().includes('] 0/6')) child.kill('SIGINT');
    });
    expect(await ending).toMatchObject({ code: 130, json: { status: 'interrupted' } });
    const { step } = (await ending).json as { step: number };
    expect(step).toBeLessThan(6);
    expect(readdirSync(join(directory, 'stopped/checkpoints'))).toContain(`step-${String(step).padStart(6, '0')}`);
    await train('stopped', ...course, '--resume');
    expect(metricsOf('stopped').map((metric) => [metric.step, metric.loss])).toEqual(
      metricsOf('whole').map((metric) => [metric.step, metric.loss]),
    );
    expect(adapterOf('stopped').equals(adapterOf('whole'))).toBe(true);
    expect(readdirSync(join(directory, 'whole'))).not.toContain('job');
  },
);

test.runIf(python)('every weight can be trained, and bf16 stays near fp32', { timeout: 600_000 }, async () => {
  const full = ['--full', '--steps', '3', '--rate', '1e-3'];
  const subject = ['train', ...SUBJECT, ...COURSE.slice(2)];
  await skein(...subject, ...full, '--out', 'full-here');
  await skein(...subject, ...full, '--out', 'full-there', ...PYTHON);
  const [here, there] = [metricsOf('full-here'), metricsOf('full-there')];
  for (const [index, { loss }] of here.entries()) expect(Math.abs(there[index]!.loss / loss - 1)).toBeLessThan(1e-3);
  const { json } = await skein('model', 'inspect', 'full-there/model', '--scan');
  expect(json).toMatchObject({ dtypes: ['bfloat16'] });

  await train('half', '--steps', '3', '--precision', 'bf16', ...PYTHON);
  await train('single', '--steps', '3', ...PYTHON);
  for (const [index, { loss }] of metricsOf('single').entries()) {
    const half = metricsOf('half')[index]!.loss;
    expect(Math.abs(half / loss - 1)).toBeLessThan(0.02);
    expect(half).not.toBe(loss);
  }
});

test.runIf(python)(
  'a Python without the packages, none at all, and no CUDA are told apart',
  { timeout: 600_000 },
  async () => {
    const refused = async (...words: string[]) => {
      const { code, talk } = await endOf(
        start('train', ...SUBJECT, '--out', 'refused', '--trainer', 'python', ...words),
      );
      expect(code).toBe(1);
      return talk;
    };
    expect(await refused('--python', 'no-such-python')).toContain('engine/python-missing');
    expect(await refused('--python', python!, '--device', 'cuda')).toContain('engine/no-cuda');
    const bare = join(directory, 'bare');
    await once(spawn(python!, ['-m', 'venv', '--without-pip', bare]), 'close');
    const talk = await refused('--python', join(bare, 'bin/python'));
    expect(talk).toContain('transformers is missing');
    expect(talk).toContain('-m pip install -r');
  },
);
