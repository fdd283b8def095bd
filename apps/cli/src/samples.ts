import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FineTuneOptions } from '@skein/engine/node';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The small model of the repository. */
export const SHIPPED_MODEL = join(root, 'models', 'skein-small');

export const SAMPLE_FIELDS = ['clinics', 'schools', 'banks'] as const;

/** A field's training data, one file of each member, and its held-out questions. */
export function sampleFiles(field: string): { readonly data: readonly string[]; readonly test: readonly string[] } {
  const folder = join(root, 'samples', field);
  const members = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = members.map(({ name }) => name).toSorted();
  return {
    data: names.map((name) => join(folder, name, 'train.jsonl')),
    test: [join(folder, 'test.jsonl')],
  };
}

/** What is trained on what, in a sentence or two. */
export function describeSamples({ model, data, out }: FineTuneOptions, test: readonly string[]): string {
  const named = (files: readonly string[]) => files.map((file) => relative('.', file)).join(', ');
  return `Fine-tuning ${relative('.', model) || '.'} on ${named(data)};\nquestions from ${named(test)}. The run goes to ${out}.`;
}
