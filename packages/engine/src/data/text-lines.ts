import type { TextChunks } from './data-row.ts';

export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Without its line feed; a carriage return stays. */
  readonly text: string;
}

/** Cuts chunks into lines, holding one line at a time. A byte order mark at the start is left out. */
export async function* textLines(chunks: TextChunks): AsyncGenerator<TextLine> {
  let number = 1;
  // Parts of an unfinished line are joined only at its end: adding each to a string would search it again and again.
  let parts: string[] = [];
  let first = true;
  for await (const chunk of chunks) {
    let start = first && chunk.startsWith('\ufeff') ? 1 : 0;
    if (chunk.length > 0) first = false;
    for (let end = chunk.indexOf('\n', start); end >= 0; end = chunk.indexOf('\n', start)) {
      parts.push(chunk.slice(start, end));
      yield { number: number++, text: parts.join('') };
      parts = [];
      start = end + 1;
    }
    parts.push(chunk.slice(start));
  }
  const last = parts.join('');
  if (last !== '') yield { number, text: last };
}
