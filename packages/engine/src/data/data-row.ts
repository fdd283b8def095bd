/** Where a row stands: a file as the user named it, and the line on which the row begins, counted from 1. */
export interface DataSource {
  readonly file: string;
  readonly line: number;
}

/** One row of a data file before its format is known. */
export interface DataRow {
  readonly source: DataSource;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A piece of text at a time, cut anywhere; as a decoded file stream gives it. */
export type TextChunks = AsyncIterable<string> | Iterable<string>;

/** `file:line`, as editors and terminals know it. */
export function placeOf(source: DataSource): string {
  return `${source.file}:${source.line}`;
}
