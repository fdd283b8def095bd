import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLanguageModel } from '@skein/engine';
import { createWorkerRuntime, loadVocabulary, openModelFolder, readAdapter } from '@skein/engine/node';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** A Python with torch, transformers and peft; without it this file is passed over. docs/conformance.md says how. */
const python = process.env['SKEIN_PEER_PYTHON'];

const root = join(import.meta.dirname, '../..');
const model = join(root, 'models/skein-small');
const directory = mkdtempSync(join(tmpdir(), 'skein-peer-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const skein = (...words: string[]) =>
  execFileSync(process.execPath, [join(root, 'apps/cli/src/main.ts'), ...words], { cwd: directory, stdio: 'pipe' });

/** Largest |a − b| / (1e-5 + 1e-4·|b|). */
function shareOfTolerance(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!) / (1e-5 + 1e-4 * Math.abs(b[i]!))), 0);
}

let rows: number[][] = [];
beforeAll(async () => {
  const { tokenizer } = await loadVocabulary(model);
  const text = readFileSync(join(root, 'samples/clinics/test.jsonl'), 'utf8');
  const ids = tokenizer.encode(text);
  rows = [0, 1, 2, 3].map((row) => Array.from(ids.slice(row * 64, (row + 1) * 64)));
  writeFileSync(join(directory, 'ids.json'), JSON.stringify({ rows }));
});

async function logitsHere(folder: string, adapterFolder?: string): Promise<Float32Array> {
  const opened = await openModelFolder(folder);
  const { config, weights } = opened;
  const adapter = adapterFolder === undefined ? undefined : await readAdapter(adapterFolder, opened);
  const runtime = createWorkerRuntime('cpu');
  try {
    const languageModel = createLanguageModel(runtime, {
      spec: { config, weights, trainable: new Map(), adapter: adapter?.modules ?? [] },
      parameters: adapter?.parameters ?? [],
    });
    const [batch, length] = [rows.length, rows[0]!.length];
    const inputIds = Int32Array.from(rows.flat());
    const positions = inputIds.map((_, i) => i % length);
    return await languageModel.logits({ batch, length, inputIds, positions, segments: inputIds.map(() => 1) });
  } finally {
    await runtime.close();
  }
}

function logitsThere(...folders: string[]): Float32Array {
  const out = join(directory, 'logits.f32');
  const script = join(import.meta.dirname, 'logits.py');
  const said = execFileSync(python!, [script, join(directory, 'ids.json'), out, ...folders], { encoding: 'utf8' });
  const bytes = readFileSync(out);
  console.log(said.trim());
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

test.runIf(python).each([
  { on: 'layers', targets: [] },
  { on: 'lm_head', targets: ['--targets', 'lm_head', '--targets', 'up_proj'] },
])('an adapter on $on gives the same logits in PEFT, and merged in transformers', async ({ on, targets }) => {
  const data = join(root, 'samples/clinics/hill/train.jsonl');
  const course = ['--out', `${on}-run`, '--steps', '20', '--rate', '4e-3', '--rslora', ...targets];
  skein('train', '--model', model, '--data', data, ...course);
  skein('adapter', 'merge', '--model', model, '--adapter', `${on}-run/adapter`, '--out', `${on}-merged`);
  const [adapter, merged] = [join(directory, `${on}-run/adapter`), join(directory, `${on}-merged`)];

  const trained = await logitsHere(model, adapter);
  expect(shareOfTolerance(await logitsHere(model), trained), 'training changed the model').toBeGreaterThan(1000);
  const shares = {
    adapter: shareOfTolerance(trained, logitsThere(model, adapter)),
    merged: shareOfTolerance(await logitsHere(merged), logitsThere(merged)),
  };
  console.log(shares);
  expect(shares.adapter).toBeLessThan(1);
  expect(shares.merged).toBeLessThan(1);
});
