import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfJson } from '@skein/core';
import { writeJsonFile } from '../files/json-file.ts';

/** A fault that others can check: what is said of it and the signed data behind it. */
export interface Evidence {
  readonly code: string;
  readonly sentence: string;
  readonly alliance: string;
  readonly round: number;
  readonly evidence: unknown;
}

/** Keeps a piece of evidence under its digest, once. @returns the file's path */
export async function keepEvidence(directory: string, evidence: Evidence): Promise<string> {
  const folder = join(directory, 'evidence');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const plain: unknown = JSON.parse(JSON.stringify(evidence));
  const name = `${evidence.code.replaceAll('/', '-')}-${digestOfJson(plain).slice('sha256:'.length, 'sha256:'.length + 12)}.json`;
  const path = join(folder, name);
  await writeJsonFile(path, plain);
  return path;
}
