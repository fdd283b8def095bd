import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UsageError } from '../usage-error.ts';
import type { LocalMember } from './local-alliance.ts';

/** Who trains what, and on what it is compared. */
export interface Subject {
  readonly name: string;
  readonly model: string;
  readonly members: readonly LocalMember[];
  /** Questions over what all members know; null compares on the share of the data that nobody trains on. */
  readonly test: readonly string[] | null;
  /** Questions that take facts of two members. */
  readonly joins: readonly string[] | null;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const generator = join(root, 'scripts/sample-world/generate-samples.ts');
/** The seed of the files in samples/. */
const SHIPPED_SEED = 1;

interface SampleChoice {
  readonly model: string;
  readonly field: string;
  readonly seed: number;
  /** Of the run; other seeds' data are made below it. */
  readonly path: string;
}

/** Three organisations of the sample world. */
export async function sampleSubject({ model, field, seed, path }: SampleChoice): Promise<Subject> {
  const samples = seed === SHIPPED_SEED ? join(root, 'samples') : join(path, 'samples');
  if (!existsSync(samples)) {
    await promisify(execFile)(process.execPath, [generator, '--seed', String(seed), '--out', samples]);
  }
  const folder = join(samples, field);
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return {
    name: `The ${field}`,
    model,
    members: names
      .map(({ name }) => ({ name, data: join(folder, name) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    test: [join(folder, 'test.jsonl')],
    joins: [join(folder, 'joins.jsonl')],
  };
}

/** Fewer can't hide an update: the sum of two tells each the other's. */
const FEWEST_MEMBERS = 3;

/** The user's own model and data. @throws UsageError `cli/too-few-members`, `cli/no-file`, `cli/same-name` */
export function ownSubject({
  model,
  data,
  test,
}: {
  readonly model: string;
  readonly data: readonly string[];
  readonly test: readonly string[];
}): Subject {
  if (data.length < FEWEST_MEMBERS) {
    const message = `--data names ${data.length} member${data.length === 1 ? '' : 's'}; secure aggregation needs ${FEWEST_MEMBERS}.`;
    throw new UsageError('cli/too-few-members', message, {
      hints: [
        'The sum of two updates would tell each of the two the other one. Use "skein train" for data in one place.',
      ],
    });
  }
  for (const path of [...data, ...test]) {
    if (!existsSync(path)) throw new UsageError('cli/no-file', `There is no ${path}.`, { info: { path } });
  }
  const members = data.map((path) => ({ name: memberName(path), data: resolve(path) }));
  const twice = members.find(({ name }, index) => members.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) {
    throw new UsageError('cli/same-name', `Two members would be called "${twice.name}".`, {
      hints: ['Members are named after their folders or files; rename one.'],
    });
  }
  const files = test.map((path) => resolve(path));
  return { name: 'Own data', model, members, test: files.length > 0 ? files : null, joins: null };
}

function memberName(path: string): string {
  const name = basename(resolve(path))
    .replace(/\.[^.]*$/, '')
    .toLowerCase();
  return (
    name
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'member'
  );
}
