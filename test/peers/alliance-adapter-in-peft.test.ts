import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModelState } from '@skein/alliance';
import {
  type LocalAlliance,
  followAlliance,
  makePlan,
  openLocalDirectory,
  PLAN_SETTINGS,
  startLocalAlliance,
} from '@skein/cli/local';
import { answerQuestions, createLanguageModel, type LanguageModel, questionOf } from '@skein/engine';
import {
  createLocalTrainer,
  createWorkerRuntime,
  loadVocabulary,
  openModelFolder,
  readAdapter,
  readDataFiles,
  readStopIds,
} from '@skein/engine/node';
import { localMethod } from '@skein/node';
import { afterAll, expect, test } from 'vitest';

/** A Python with torch, transformers and peft; without it this file is passed over. docs/conformance.md says how. */
const python = process.env['SKEIN_PEER_PYTHON'];

const root = join(import.meta.dirname, '../..');
const model = join(root, 'models/skein-small');
const exam = join(root, 'samples/clinics/test.jsonl');
const MEMBERS = ['hill', 'lake', 'north'];
const directory = mkdtempSync(join(tmpdir(), 'skein-peer-alliance-'));
const runtime = createWorkerRuntime('cpu');
afterAll(async () => {
  await runtime.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The adapter of an alliance of three processes: one round of the shipped plan. */
async function allianceAdapter(): Promise<string> {
  const settings = { ...PLAN_SETTINGS, rounds: 1 };
  const trainer = await createLocalTrainer(runtime, { model, method: localMethod(settings)!, threads: 1 });
  const members = MEMBERS.map((name) => ({ name, data: join(root, 'samples/clinics', name) }));
  const local = await openLocalDirectory(join(directory, 'alliance'));
  const made = makePlan('Peers', trainer, settings);
  const { signal } = new AbortController();
  // The same accounts each time give the same adapter.
  const privateKeys = new Map(
    MEMBERS.map((name, index) => [name, `0x${(index + 1).toString(16).padStart(64, '0')}`] as const),
  );
  const onEvent = () => undefined;
  const alliance = await startLocalAlliance({ ...made, local, members, model, privateKeys, onEvent, signal });
  try {
    await followAlliance(alliance.hub, alliance.id, { onLook: () => undefined, signal });
    const [round] = await alliance.hub.closedRounds(alliance.id);
    expect(round!.result).toMatchObject({ accepted: true });
    const { parameters } = decodeModelState(await modelBytes(alliance, round!.result.model));
    const adapter = join(directory, 'adapter');
    await trainer.write(adapter, { manifest: trainer.manifest, values: parameters });
    return adapter;
  } finally {
    await alliance.stop();
  }
}

async function modelBytes({ hub }: LocalAlliance, blob: Parameters<LocalAlliance['hub']['downloadBlob']>[0]) {
  let bytes = new Uint8Array();
  await hub.downloadBlob(blob, {
    begin: async (sizeBytes) => void (bytes = new Uint8Array(sizeBytes)),
    write: async ({ offset }, data) => bytes.set(data, offset),
  });
  return bytes;
}

async function openAdapted(adapterFolder: string): Promise<LanguageModel> {
  const opened = await openModelFolder(model);
  const { config, weights } = opened;
  const { modules, parameters } = await readAdapter(adapterFolder, opened);
  return createLanguageModel(runtime, {
    spec: { config, weights, trainable: new Map(), adapter: modules },
    parameters,
  });
}

/** Rows of 64 tokens of the held-out questions. */
async function readRows(): Promise<number[][]> {
  const { tokenizer } = await loadVocabulary(model);
  const ids = tokenizer.encode(readFileSync(exam, 'utf8'));
  return [0, 1, 2, 3].map((row) => Array.from(ids.slice(row * 64, (row + 1) * 64)));
}

function logitsOf(adapted: LanguageModel, rows: readonly number[][]): Promise<Float32Array> {
  const [batch, length] = [rows.length, rows[0]!.length];
  const inputIds = Int32Array.from(rows.flat());
  const positions = inputIds.map((_, i) => i % length);
  return adapted.logits({ batch, length, inputIds, positions, segments: inputIds.map(() => 1) });
}

function logitsThere(rows: readonly number[][], adapter: string, dtype: 'float32' | 'float64'): Float32Array {
  const [ids, out] = [join(directory, 'ids.json'), join(directory, 'logits.f32')];
  writeFileSync(ids, JSON.stringify({ rows, dtype }));
  const script = join(import.meta.dirname, 'logits.py');
  console.log(execFileSync(python!, [script, ids, out, model, adapter], { encoding: 'utf8' }).trim());
  return new Float32Array(Uint8Array.from(readFileSync(out)).buffer);
}

/** Largest |a − b| / (1e-5 + 1e-4·|b|). */
function shareOfTolerance(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!) / (1e-5 + 1e-4 * Math.abs(b[i]!))), 0);
}

/** Greedy answers here, and the same questions' there. */
async function answersOf(adapted: LanguageModel, adapter: string, count: number) {
  const vocabulary = await loadVocabulary(model);
  const { tokenizer } = vocabulary;
  const rows = (await Array.fromAsync(readDataFiles([exam]))).slice(0, count);
  const questions = rows.map((row) => questionOf(row, vocabulary)!);
  const stopIds = await readStopIds(await openModelFolder(model), tokenizer);
  const here = await answerQuestions(adapted, { questions, tokenizer, stopIds, batch: count });
  const file = join(directory, 'questions.json');
  // As token ids, so that what is compared is the model; the tokenizer has tests of its own.
  const asked = questions.map(({ prompt }) => ({ prompt: [...prompt] }));
  writeFileSync(file, JSON.stringify({ questions: asked, stopIds: [...stopIds] }));
  const script = join(import.meta.dirname, 'answers.py');
  const there = JSON.parse(execFileSync(python!, [script, file, model, adapter], { encoding: 'utf8' })) as string[];
  return { here: here.map(({ answer }) => answer), there, right: here.filter(({ matches }) => matches).length };
}

test.runIf(python)(
  'an alliance’s adapter gives the same logits and answers in PEFT',
  { timeout: 600_000 },
  async () => {
    // The adapter of an alliance that has ended can be named instead: skein start says where it is.
    const adapter = process.env['SKEIN_PEER_ADAPTER'] ?? (await allianceAdapter());
    const rows = await readRows();
    const adapted = await openAdapted(adapter);
    const ours = await logitsOf(adapted, rows);
    const [single, exact] = [logitsThere(rows, adapter, 'float32'), logitsThere(rows, adapter, 'float64')];
    const shares = {
      betweenFloat32: shareOfTolerance(ours, single),
      oursFromFloat64: shareOfTolerance(ours, exact),
      torchFromFloat64: shareOfTolerance(single, exact),
    };
    const { here, there, right } = await answersOf(adapted, adapter, 24);
    console.log({ shares, answers: here.length, right, some: here.slice(0, 3) });
    expect(shares.oursFromFloat64).toBeLessThan(1);
    expect(there).toEqual(here);
  },
);
