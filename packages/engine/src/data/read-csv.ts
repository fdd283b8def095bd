import { BaseError } from '@skein/core';
import { parse } from 'csv-parse/browser/esm/sync';
import { type DataRow, type DataSource, placeOf, type TextChunks } from './data-row.ts';
import { textLines } from './text-lines.ts';

/**
 * The rows of a CSV file (RFC 4180: comma, double quotes, a header line), one at a time; blank lines are passed over.
 * @param file its name for messages.
 * @throws BaseError `engine/data-bad-csv` for broken quoting, a NUL character, a row of another width than the header, or a header that
 *   names a column twice.
 */
export async function* readCsv(chunks: TextChunks, file: string): AsyncGenerator<DataRow> {
  let header: readonly string[] | null = null;
  for await (const { source, text } of records(chunks, file)) {
    const values = parseRecord(text, source);
    if (header === null) {
      if (new Set(values).size < values.length) throw badCsv(source, 'names a column twice');
      header = values;
    } else if (values.length !== header.length) {
      throw badCsv(source, `has ${values.length} values where the header has ${header.length}`);
    } else {
      yield { source, fields: Object.fromEntries(header.map((name, column) => [name, values[column]])) };
    }
  }
}

/**
 * Text and first line of each record. A line break belongs to a value exactly where an odd number of quotes stands
 * before it; the library's own count of lines is off after blank lines and mixed line ends.
 */
async function* records(chunks: TextChunks, file: string): AsyncGenerator<{ source: DataSource; text: string }> {
  let open: { source: DataSource; lines: string[] } | null = null;
  for await (const { number, text } of textLines(chunks)) {
    if (open === null && text.trim() === '') continue;
    const closes: boolean = (open === null) === hasEvenQuotes(text);
    open ??= { source: { file, line: number }, lines: [] };
    open.lines.push(text);
    if (!closes) continue;
    yield { source: open.source, text: open.lines.join('\n').replace(/\r$/, '') };
    open = null;
  }
  if (open !== null) throw badCsv(open.source, 'opens a quote that is never closed');
}

function hasEvenQuotes(text: string): boolean {
  let even = true;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) even = !even;
  return even;
}

function parseRecord(text: string, source: DataSource): readonly string[] {
  if (text.includes('\0')) throw badCsv(source, 'holds a NUL character');
  try {
    // A delimiter that can't occur: the text is one record, and its line breaks belong to values.
    const [values = []]: readonly string[][] = parse(text, { record_delimiter: '\0' });
    return values;
  } catch {
    // The library's message quotes the value, and a message must hold no sample.
    throw badCsv(source, 'has a quote in the wrong place');
  }
}

function badCsv(source: DataSource, what: string): BaseError {
  return new BaseError('engine/data-bad-csv', `${placeOf(source)} ${what}.`, {
    info: { ...source },
    hints: ['Put values with commas, quotes or line breaks in double quotes, and double the quotes inside them.'],
  });
}
