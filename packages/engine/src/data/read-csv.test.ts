import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCsv } from './read-csv.ts';

async function rowsOf(text: string): Promise<[number, Readonly<Record<string, unknown>>][]> {
  const rows: [number, Readonly<Record<string, unknown>>][] = [];
  for await (const { source, fields } of readCsv([text], 'a.csv')) rows.push([source.line, fields]);
  return rows;
}

it('reads quotes, commas and line breaks in values, and names the line each row begins on', async () => {
  const text = 'x,y\n\n1,"a\nb"\r\n\n2,c\r\n3,"q""q, "\n"4","d\r\ne"\n5,';
  expect(await rowsOf(text)).toEqual([
    [3, { x: '1', y: 'a\nb' }],
    [6, { x: '2', y: 'c' }],
    [7, { x: '3', y: 'q"q, ' }],
    [8, { x: '4', y: 'd\r\ne' }],
    [10, { x: '5', y: '' }],
  ]);
});

it('reads back any values', async () => {
  // A lone carriage return before the line feed of a record belongs to the line end, quoted or not it is kept.
  const value = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é') });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 6 }), async (pairs) => {
      const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const text = ['x,y', ...pairs.map((pair) => pair.map(quote).join(','))].join('\n');
      expect((await rowsOf(text)).map(([, fields]) => [fields['x'], fields['y']])).toEqual(pairs);
    }),
  );
});

it.each([
  ['x,y\n1,2\n1\n', 'a.csv:3 has 1 values where the header has 2.'],
  ['x,y\n1,2,3\n', 'a.csv:2 has 3 values where the header has 2.'],
  ['x,y\n1,"a\nb\n', 'a.csv:2 opens a quote that is never closed.'],
  ['x,y\n1,a"secret"\n', 'a.csv:2 has a quote in the wrong place.'],
  ['x,y\n1,"secret"b\n', 'a.csv:2 has a quote in the wrong place.'],
  ['x,x\n1,2\n', 'a.csv:1 names a column twice.'],
  ['x,y\n1,a\0b\n', 'a.csv:2 holds a NUL character.'],
])('refuses %j by line, without quoting it', async (text, message) => {
  await expect(rowsOf(text)).rejects.toThrow(expect.objectContaining({ code: 'engine/data-bad-csv', message }));
});
