import { BaseError } from '@skein/core';
import { type DataRow, type DataSource, placeOf, type TextChunks } from './data-row.ts';
import { textLines } from './text-lines.ts';

/**
 * The rows of a JSON Lines file, one at a time; blank lines are passed over.
 * @param file its name for messages.
 * @throws BaseError `engine/data-not-json` for a line that is no JSON object.
 */
export async function* readJsonLines(chunks: TextChunks, file: string): AsyncGenerator<DataRow> {
  for await (const { number, text } of textLines(chunks)) {
    if (text.trim() === '') continue;
    const source = { file, line: number };
    yield { source, fields: parseObject(text, source) };
  }
}

function parseObject(text: string, source: DataSource): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the line, and a message must hold no sample.
    throw notAnObject(source, 'is not valid JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw notAnObject(source, `is ${Array.isArray(value) ? 'a JSON array' : 'a bare JSON value'}, not an object`);
}

function notAnObject(source: DataSource, what: string): BaseError {
  return new BaseError('engine/data-not-json', `${placeOf(source)} ${what}.`, {
    info: { ...source },
    hints: ['Write one JSON object per line, such as {"prompt": "…", "completion": "…"}, without line breaks inside.'],
  });
}
