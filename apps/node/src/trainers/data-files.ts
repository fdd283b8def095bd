import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BaseError } from '@skein/core';

const KNOWN = /\.(jsonl|ndjson|csv)$/i;

/**
 * The data files of a folder (or the one file), absolute, in the order of their names.
 * @throws BaseError `node/no-data` where there is nothing to train on.
 */
export async function findDataFiles(path: string): Promise<string[]> {
  const whole = resolve(path);
  const found = await stat(whole).catch((cause: unknown) => {
    throw noData(whole, 'it is missing or can’t be read', cause);
  });
  if (found.isFile()) return [whole];
  const names = (await readdir(whole)).filter((name) => KNOWN.test(name)).sort();
  if (names.length === 0) throw noData(whole, 'it has no .jsonl, .ndjson or .csv file');
  return names.map((name) => join(whole, name));
}

function noData(path: string, fault: string, cause?: unknown): BaseError {
  return new BaseError('node/no-data', `The data folder ${path} can't be trained on: ${fault}.`, {
    info: { path },
    hints: ['Name the folder that holds this node’s examples, under "data" in node.json.'],
    cause,
  });
}
