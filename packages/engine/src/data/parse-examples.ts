import { BaseError } from '@skein/core';
import type { z } from 'zod';
import { DATA_FORMAT_NAMES, DATA_FORMATS, type DataExample, type DataFormat, detectFormat } from './data-format.ts';
import { type DataRow, placeOf, type TextChunks } from './data-row.ts';
import { readCsv } from './read-csv.ts';
import { readJsonLines } from './read-json-lines.ts';

/** How rows are written into a file, whatever they mean. */
export type DataEncoding = 'jsonl' | 'csv';

export interface ParseOptions {
  /** The file's name, for messages. */
  readonly file: string;
  readonly encoding: DataEncoding;
  /** Taken from the first row's fields where left out; all rows of a file have one format. */
  readonly format?: DataFormat | undefined;
}

/**
 * Reads examples from a file's text as it streams in; holds one row at a time.
 * @throws BaseError for the first bad row, with file and line: `engine/data-not-json`, `engine/data-bad-csv`,
 *   `engine/data-unknown-format`, `engine/data-missing-field`, `engine/data-bad-field`; `engine/data-empty` at the end
 *   of a file without rows.
 */
export async function* parseExamples(chunks: TextChunks, options: ParseOptions): AsyncGenerator<DataExample> {
  const { file, encoding } = options;
  let format = options.format;
  let empty = true;
  for await (const row of encoding === 'csv' ? readCsv(chunks, file) : readJsonLines(chunks, file)) {
    format ??= detectFormat(row.fields) ?? failUnknownFormat(row);
    empty = false;
    yield parseExample(encoding === 'csv' ? withParsedLists(row, format) : row, format);
  }
  if (empty) {
    throw new BaseError('engine/data-empty', `${file} holds no example.`, {
      info: { file },
      hints: ['Check that it is the file you meant; leave it out where it is meant to be empty.'],
    });
  }
}

function parseExample(row: DataRow, format: DataFormat): DataExample {
  const result = DATA_FORMATS[format].schema.safeParse(row.fields);
  if (result.success) return { source: row.source, ...result.data };
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const field = fieldName(issue.path);
  const details = {
    info: { ...row.source, field, format },
    hints: [`A row of the format ${format} has the fields ${DATA_FORMATS[format].fields.join(', ')}.`],
  };
  const place = placeOf(row.source);
  if (isMissing(row.fields, issue.path)) {
    throw new BaseError('engine/data-missing-field', `${place} lacks the field ${field} (format ${format}).`, details);
  }
  // The schemas' own messages are predicates; the library's are not.
  const problem = /^(is|has) /.test(issue.message) ? issue.message : `is wrong: ${issue.message}`;
  throw new BaseError('engine/data-bad-field', `${place}: the field ${field} ${problem} (format ${format}).`, details);
}

/** CSV has only strings: lists are written as JSON, and an empty value means none. */
function withParsedLists(row: DataRow, format: DataFormat): DataRow {
  const fields: Record<string, unknown> = { ...row.fields };
  for (const name of DATA_FORMATS[format].listFields) {
    const value = fields[name];
    if (typeof value !== 'string') continue;
    try {
      fields[name] = value === '' ? null : JSON.parse(value);
    } catch {
      const message = `${placeOf(row.source)}: the field ${name} is not valid JSON (format ${format}).`;
      throw new BaseError('engine/data-bad-field', message, {
        info: { ...row.source, field: name, format },
        hints: [`In CSV, write the list ${name} as JSON, with the quotes inside doubled.`],
      });
    }
  }
  return { source: row.source, fields };
}

function failUnknownFormat(row: DataRow): never {
  const names = Object.keys(row.fields);
  const message = `${placeOf(row.source)} fits no data format: it has the fields ${names.join(', ') || '(none)'}.`;
  throw new BaseError('engine/data-unknown-format', message, {
    info: { ...row.source, fields: names },
    hints: DATA_FORMAT_NAMES.map(
      (name) => `The format ${name} has the fields ${DATA_FORMATS[name].fields.join(', ')}.`,
    ),
  });
}

function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  let at = value;
  for (const part of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[part];
  return at === undefined;
}

function fieldName(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return parts.join('').replace(/^\./, '') || '(row)';
}
