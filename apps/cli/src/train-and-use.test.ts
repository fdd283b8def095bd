import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jsonOf, type LineResult, runLine } from './testing/run-line.ts';
import { createWorkplace, type Workplace } from './testing/workplace.ts';

const adapterBytes = (place: Workplace, run: string) =>
  readFileSync(place.at(`${run}/adapter/adapter_model.safetensors`));

/** As `skein … --json`, which must have gone well. */
async function json(...words: string[]): Promise<Record<string, unknown>> {
  const result: LineResult = await runLine([...words, '--json']);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return jsonOf(result);
}

/** Presses Ctrl-C when the first of three steps is done. */
async function interruptedTraining(place: Workplace, ...more: string[]): Promise<LineResult> {
  const interruption = new AbortController();
  const onTalk = (text: string) => {
    if (/step \[.*\] 1\/3/.test(text)) interruption.abort();
  };
  const result = await runLine(place.trainLine(...more), { signal: interruption.signal, onTalk });
  expect(result.exitCode).toBe(130);
  return result;
}

/** Settings under which every source of difference is at work. */
const BUSY = [
  '--dropout',
  '0.2',
  '--packing',
  'rows',
  '--length',
  '32',
  '--batch',
  '1',
  '--validation-share',
  '0.25',
  '--evaluate-every',
  '2',
];

test('Ctrl-C saves a checkpoint, and the resumed run ends with the bytes of one that was left alone', async () => {
  const place = await createWorkplace();
  const rows = Array.from({ length: 12 }, (_, i) =>
    JSON.stringify({ prompt: `Who has room ${i}?`, completion: ` Ada ${i}` }),
  );
  writeFileSync(place.at('data.jsonl'), `${rows.join('\n')}\n`);
  expect(await place.train(...BUSY)).toMatchObject({ exitCode: 0 });
  const whole = adapterBytes(place, 'run');
  renameSync(place.at('run'), place.at('whole'));

  const first = await interruptedTraining(place, ...BUSY);
  expect(first.stderr).toMatch(/Interrupted at step [12] of 3; the checkpoint is saved\./);
  expect(readdirSync(place.at('run/checkpoints'))).toHaveLength(1);
  expect(readdirSync(place.at('run'))).not.toContain('adapter');

  const refused = await place.train(...BUSY);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain('[engine/run-exists]');
  const other = await place.train(...BUSY, '--resume', '--rate', '0.5');
  expect(other.stderr).toContain('train.learningRate: 0.5 instead of');

  const second = await place.train(...BUSY, '--resume');
  expect(second.stderr).toMatch(/Going on after step [12]\./);
  expect(second.exitCode).toBe(0);
  expect(adapterBytes(place, 'run').equals(whole)).toBe(true);
});

test('a run in little memory goes on in little memory', async () => {
  const place = await createWorkplace();
  expect(await place.train('--memory', 'low')).toMatchObject({ exitCode: 0 });
  const whole = adapterBytes(place, 'run');
  renameSync(place.at('run'), place.at('whole'));
  const first = await interruptedTraining(place, '--memory', 'low');
  expect(first.stderr).toContain('memory: low, layers are run again (asked for');
  expect((await place.train('--resume', '--memory', 'fast')).stderr).toContain('[engine/other-config]');
  const second = await place.train('--resume');
  expect(second.stderr).toContain('memory: low, layers are run again (as the run began');
  expect(second.exitCode).toBe(0);
  expect(adapterBytes(place, 'run').equals(whole)).toBe(true);
});

test('a run is not resumed on another model or template', async () => {
  const place = await createWorkplace();
  await interruptedTraining(place);
  place.edit('model/chat_template.jinja', (text) => `${text} `);
  expect((await place.train('--resume')).stderr).toContain('model.files.chat_template.jinja');
  place.edit('model/chat_template.jinja', (text) => text.slice(0, -1));

  const weights = place.at('model/model.safetensors');
  const bytes = readFileSync(weights);
  writeFileSync(weights, Buffer.concat([bytes.subarray(0, -4), Buffer.from(Float32Array.of(0.5).buffer)]));
  const other = await place.train('--resume');
  expect(other.stderr).toContain('was started on other weights. [engine/other-weights]');
  expect(other.exitCode).toBe(1);
  writeFileSync(weights, bytes);
  expect(await place.train('--resume')).toMatchObject({ exitCode: 0 });
});

test('a merged model has tokenizer and template beside it, and the loss of base and adapter', async () => {
  const place = await createWorkplace();
  await place.train(
    '--rate',
    '0.05',
    '--rslora',
    '--rank-pattern',
    'q_proj=4',
    '--alpha-pattern',
    'layers.1.mlp.up_proj=9',
  );
  const [model, adapter, merged] = [place.at('model'), place.at('run/adapter'), place.at('merged')];
  expect(await json('adapter', 'inspect', adapter, '--model', model)).toMatchObject({
    rankStabilized: true,
    rankPattern: { q_proj: 4 },
    alphaPattern: { 'layers.1.mlp.up_proj': 9 },
  });
  expect(await json('adapter', 'merge', '--model', model, '--adapter', adapter, '--out', merged)).toMatchObject({
    merged: 14,
  });
  expect(readdirSync(merged)).toEqual(readdirSync(model));
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'config.json']) {
    expect(readFileSync(join(merged, name), 'utf8')).toBe(readFileSync(join(model, name), 'utf8'));
  }
  const lossOf = async (...of: string[]) => {
    const { files } = await json('eval', '--model', ...of, '--data', place.at('data.jsonl'), '--loss-only');
    return (files as { loss: number }[])[0]!.loss;
  };
  const adapted = await lossOf(model, '--adapter', adapter);
  expect(Math.abs((await lossOf(merged)) / adapted - 1)).toBeLessThan(1e-5);
  expect(await lossOf(model)).toBeGreaterThan(adapted * 1.05);
});

test('every weight of a small model can be trained, and the result is a model folder', async () => {
  const place = await createWorkplace();
  const line = ['train', '--model', place.at('model'), '--data', place.at('data.jsonl'), '--out', place.at('run')];
  await json(...line, '--full', '--steps', '1');
  expect(await json('model', 'inspect', place.at('run/model'), '--scan')).toMatchObject({ dtypes: ['float32'] });
  expect(readdirSync(place.at('run/model'))).toEqual(readdirSync(place.at('model')));
});

test('a snapshot in a Hugging Face cache, made of links, is a model folder like another', async () => {
  const place = await createWorkplace();
  const snapshot = place.at('models--a--b/snapshots/0f1e');
  mkdirSync(snapshot, { recursive: true });
  cpSync(place.at('model'), place.at('models--a--b/blobs'), { recursive: true });
  for (const [index, name] of readdirSync(place.at('model')).entries()) {
    renameSync(place.at(`models--a--b/blobs/${name}`), place.at(`models--a--b/blobs/blob${index}`));
    symlinkSync(`../../blobs/blob${index}`, join(snapshot, name));
  }
  const answer = (model: string) => json('generate', '--model', model, '--prompt', 'Who', '--max-tokens', '5');
  expect(await answer(snapshot)).toEqual(await answer(place.at('model')));
  expect(await json('model', 'inspect', snapshot, '--digests')).toMatchObject({ scanned: false });

  const whole = await runLine(['model', 'inspect', place.at('models--a--b')]);
  expect(whole).toMatchObject({ exitCode: 1 });
  expect(whole.stderr).toContain(`hint: Name the snapshot: ${snapshot}.`);

  await place.train();
  const run = adapterBytes(place, 'run');
  const line = place.trainLine().map((word) => (word === place.at('model') ? snapshot : word));
  await runLine(line.map((word) => (word === place.at('run') ? place.at('from-cache') : word)));
  expect(adapterBytes(place, 'from-cache').equals(run)).toBe(true);
  const merge = ['adapter', 'merge', '--adapter', place.at('run/adapter'), '--model'];
  await json(...merge, snapshot, '--out', place.at('merged'));
  expect(readdirSync(place.at('merged'))).toEqual(readdirSync(place.at('model')));
});

test('data preview finds duplicates, and leaks into the evaluation', async () => {
  const place = await createWorkplace();
  writeFileSync(place.at('test.csv'), 'prompt,completion\n"who runs the WARD",Eve\n"And, who cooks?",Bo\n');
  const line = ['data', 'preview', '--model', place.at('model'), '--data', place.at('data.jsonl')];
  const shown = await runLine([...line, '--against', place.at('test.csv'), '--show', '1']);
  expect(shown.stdout).toContain('Who runs the ward?« Ada');
  expect(shown.stdout).toContain(`data.jsonl:1 and ${place.at('test.csv')}:2 share the question`);
  expect(await json(...line, '--against', place.at('test.csv'))).toMatchObject({
    examples: 4,
    duplicates: [{ length: 4 }],
  });
});
