import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textLines } from './text-lines.ts';

async function linesOf(chunks: readonly string[]): Promise<[number, string][]> {
  const lines: [number, string][] = [];
  for await (const { number, text } of textLines(chunks)) lines.push([number, text]);
  return lines;
}

it('gives the same lines however the text is cut', async () => {
  const text = fc.array(fc.constantFrom('a', '', 'bc', '\n', '\r\n', '\ufeff'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(text, async (parts) => {
      const whole = `x${parts.join('')}`;
      expect(await linesOf(Array.from(whole))).toEqual(await linesOf([whole]));
      expect((await linesOf([whole])).map(([, line]) => line).join('\n')).toBe(whole.replace(/\n$/, ''));
    }),
  );
});

it('counts blank lines, and leaves out a byte order mark at the start only', async () => {
  expect(await linesOf(['', '\ufeffa\n', '\n', '\ufeffb\r\n'])).toEqual([
    [1, 'a'],
    [2, ''],
    [3, '\ufeffb\r'],
  ]);
  expect(await linesOf([])).toEqual([]);
});
