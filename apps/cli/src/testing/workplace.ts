import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type LineResult, runLine } from './run-line.ts';
import { writeTinyModel } from './tiny-model.ts';

/** A row of the data that a workplace holds. */
export const ROW = '{"prompt":"Who runs the ward?","completion":" Ada"}\n';

/** A folder in which all is in order, until a test spoils something; removed with the test. */
export interface Workplace {
  /** Path of something in the folder: `model`, `data.jsonl`, and what commands write. */
  readonly at: (name: string) => string;
  readonly edit: (name: string, change: (text: string) => string) => void;
  /** A short training into `run`; further options go behind. */
  readonly trainLine: (...more: readonly string[]) => string[];
  readonly train: (...more: readonly string[]) => Promise<LineResult>;
}

/** Makes a workplace with a tiny model and four rows of data. */
export async function createWorkplace(): Promise<Workplace> {
  const folder = mkdtempSync(join(tmpdir(), 'skein-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  await writeTinyModel(at('model'));
  writeFileSync(at('data.jsonl'), ROW.repeat(4));
  const subject = ['--model', at('model'), '--data', at('data.jsonl'), '--out', at('run')];
  const course = ['--steps', '3', '--rank', '2', '--threads', '1'];
  const trainLine = (...more: readonly string[]) => ['train', ...subject, ...course, ...more];
  return {
    at,
    edit: (name, change) => writeFileSync(at(name), change(readFileSync(at(name), 'utf8'))),
    trainLine,
    train: (...more) => runLine(trainLine(...more)),
  };
}
