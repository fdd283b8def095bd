import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runLine } from './testing/run-line.ts';
import { createWorkplace, ROW, type Workplace } from './testing/workplace.ts';

/** Sets the first element of a float32 tensor of the model to NaN. */
function plantNaN({ at }: Workplace, tensor: string): void {
  const file = at('model/model.safetensors');
  const bytes = readFileSync(file);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(
    bytes.subarray(8, 8 + headerLength).toString(),
  );
  bytes.writeFloatLE(Number.NaN, 8 + headerLength + header[tensor]!.data_offsets[0]);
  writeFileSync(file, bytes);
}

const config = (key: string, value: unknown) => (place: Workplace) =>
  place.edit('model/config.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), [key]: value }));
const data = (text: string) => (place: Workplace) => writeFileSync(place.at('data.jsonl'), text);

/** What is spoilt, what the sentence must say, and its code. Nothing may be written. */
const REFUSED: readonly [name: string, spoil: (place: Workplace) => void, says: string, code: string][] = [
  [
    'a missing shard',
    (place) => {
      const map = { weight_map: { 'model.norm.weight': 'model-00001-of-00002.safetensors' } };
      writeFileSync(place.at('model/model.safetensors.index.json'), JSON.stringify(map));
      rmSync(place.at('model/model.safetensors'));
    },
    'model-00001-of-00002.safetensors',
    'engine/missing-shard',
  ],
  [
    'truncated weights',
    (place) => truncateSync(place.at('model/model.safetensors'), 9000),
    'model.safetensors is truncated: tensor "',
    'core/safetensors-truncated',
  ],
  ['a shape against config.json', config('intermediate_size', 31), 'gate_proj.weight has shape', 'engine/weight-shape'],
  ['an unknown architecture', config('model_type', 'mamba'), '"mamba"', 'engine/unknown-architecture'],
  ['an unknown rope type', config('rope_parameters', { rope_type: 'yarn' }), '"yarn"', 'engine/unknown-rope'],
  [
    'a rope type that lacks a field',
    config('rope_parameters', { rope_type: 'linear' }),
    'lacks factor',
    'engine/config-invalid',
  ],
  ['a line that is no JSON', data(`${ROW}{"prompt":\n`), 'data.jsonl:2 is not valid JSON', 'engine/data-not-json'],
  [
    'a line that lacks a field',
    data(`${ROW}\n{"prompt":"Who?"}\n`),
    'data.jsonl:3 lacks the field completion',
    'engine/data-missing-field',
  ],
  [
    'an example longer than the limit',
    data(ROW + ROW.replace('Ada', 'a '.repeat(600))),
    'data.jsonl:2 has ',
    'engine/example-too-long',
  ],
  ['an empty data set', data('\n'), 'data.jsonl holds no example', 'engine/data-empty'],
];

describe('one sentence with what and where, a hint, exit code 1, nothing written:', () => {
  test.each(REFUSED)('%s', async (_, spoil, says, code) => {
    const place = await createWorkplace();
    spoil(place);
    const { exitCode, stdout, stderr } = await place.train();
    const [sentence, ...hints] = stderr.trimEnd().split('\n');
    expect(sentence).toContain(says);
    expect(sentence).toMatch(new RegExp(`^error: .*\\. \\[${code}\\]$`));
    expect(hints.length).toBeGreaterThan(0);
    expect(hints.every((line) => line.startsWith('hint: '))).toBe(true);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(existsSync(place.at('run'))).toBe(false);
  });

  test('an adapter of another kind', async () => {
    const place = await createWorkplace();
    await place.train();
    place.edit('run/adapter/adapter_config.json', (text) => text.replace('"use_dora": false', '"use_dora": true'));
    const adapter = ['--adapter', place.at('run/adapter'), '--model', place.at('model')];
    for (const line of [
      ['adapter', 'merge', ...adapter, '--out', place.at('merged')],
      ['generate', ...adapter, '--prompt', 'x'],
    ]) {
      const { exitCode, stderr } = await runLine(line);
      expect(stderr).toMatch(/adapter_config\.json: adapters with DoRA are not supported\. \[engine\/adapter-unsup/);
      expect(exitCode).toBe(1);
    }
    expect(existsSync(place.at('merged'))).toBe(false);
  });
});

describe('NaN is never silent', () => {
  const tensor = 'model.layers.1.mlp.up_proj.weight';

  test('training names the tensor and writes no checkpoint', async () => {
    const place = await createWorkplace();
    plantNaN(place, tensor);
    const { exitCode, stderr } = await place.train();
    expect(stderr).toContain(`the tensor ${tensor} holds NaN or infinity. [engine/weight-not-finite]`);
    expect(exitCode).toBe(1);
    expect(readdirSync(place.at('run/checkpoints'))).toEqual([]);
    expect(existsSync(place.at('run/adapter'))).toBe(false);
  });

  test.each([
    ['eval', 'engine/loss-not-finite', '--data'],
    ['generate', 'engine/logits-not-finite', '--prompt'],
  ])('%s refuses', async (command, code, option) => {
    const place = await createWorkplace();
    plantNaN(place, tensor);
    const { exitCode, stderr } = await runLine([command, '--model', place.at('model'), option, place.at('data.jsonl')]);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).toContain('model inspect');
    expect(exitCode).toBe(1);
  });

  test('a loss that runs away stops the run and keeps the last good checkpoint', async () => {
    const place = await createWorkplace();
    const { exitCode, stderr } = await place.train('--rate', '1e30', '--warmup', '0', '--checkpoint-every', '1');
    expect(stderr).toMatch(/is not a finite number at step \d+; the run was stopped\. \[train\/non-finite\]/);
    expect(exitCode).toBe(1);
    expect(readdirSync(place.at('run/checkpoints')).at(-1)).toMatch(/^step-\d{6}$/);
    expect(existsSync(place.at('run/adapter'))).toBe(false);
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk leaves nothing under the final name', () => {
  /** Writing to this device fails as on a full disk. */
  const fillDisk = (file: string) => {
    mkdirSync(dirname(file), { recursive: true });
    symlinkSync('/dev/full', `${file}.partial`);
  };

  test.each(['config.json', 'adapter/adapter_model.safetensors', 'adapter/adapter_config.json'])(
    'while train writes %s',
    async (name) => {
      const place = await createWorkplace();
      fillDisk(place.at(`run/${name}`));
      const { exitCode, stderr } = await place.train();
      expect(stderr).toMatch(/error: The disk is full: .* could not be written\. \[engine\/disk-full\]/);
      expect(exitCode).toBe(1);
      expect(existsSync(place.at(`run/${name}`))).toBe(false);
    },
  );

  test('while train copies the tokenizer beside a model', async () => {
    const place = await createWorkplace();
    fillDisk(place.at('run/model/tokenizer.json'));
    const subject = ['--model', place.at('model'), '--data', place.at('data.jsonl'), '--out', place.at('run')];
    const { exitCode, stderr } = await runLine(['train', ...subject, '--full', '--steps', '1']);
    expect(stderr).toContain('tokenizer.json could not be written. [engine/disk-full]');
    expect(exitCode).toBe(1);
    expect(readdirSync(place.at('run/model'))).toEqual(['model.safetensors']);
  });

  test('while eval writes its answers', async () => {
    const place = await createWorkplace();
    fillDisk(place.at('answers.jsonl'));
    const subject = ['--model', place.at('model'), '--data', place.at('data.jsonl')];
    const { exitCode, stderr } = await runLine(['eval', ...subject, '--answers', place.at('answers.jsonl')]);
    expect(stderr).toContain('[engine/disk-full]');
    expect(exitCode).toBe(1);
    expect(existsSync(place.at('answers.jsonl'))).toBe(false);
  });
});
