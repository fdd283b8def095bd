import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BaseError } from '@skein/core';
import { fields } from './fields.ts';
import { createSamples } from './samples.ts';

const usage = 'Usage: node scripts/sample-world/generate-samples.ts [--seed 1] [--out samples]';

const toJsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** All sample files of a seed: path below the output folder (with `/`) → content. */
export function renderSampleFiles(seed: number): Map<string, string> {
  const files = new Map<string, string>();
  for (const field of fields) {
    const { train, test, joins } = createSamples(field, seed);
    for (const [member, rows] of train) files.set(`${field.id}/${member}/train.jsonl`, toJsonLines(rows));
    files.set(`${field.id}/test.jsonl`, toJsonLines(test));
    files.set(`${field.id}/joins.jsonl`, toJsonLines(joins));
  }
  return files;
}

function main(args: string[]): void {
  const { values } = parseArgs({
    args,
    options: { seed: { type: 'string', default: '1' }, out: { type: 'string', default: 'samples' } },
  });
  if (!/^\d{1,9}$/.test(values.seed)) {
    throw new BaseError('samples/bad-seed', `The seed must be a whole number below 10^9, not '${values.seed}'.`, {
      hints: [usage],
    });
  }
  for (const [name, content] of renderSampleFiles(Number(values.seed))) {
    const file = path.join(values.out, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

if (import.meta.main) main(process.argv.slice(2));
