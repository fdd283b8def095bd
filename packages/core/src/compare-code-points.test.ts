import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareCodePoints } from './compare-code-points.ts';

describe('compareCodePoints', () => {
  it('puts an emoji after the last code points of 16 bits, unlike <', () => {
    const names = ['\u{1f600}', '\ufb33', 'a', ''];
    expect(names.toSorted(compareCodePoints)).toEqual(['', 'a', '\ufb33', '\u{1f600}']);
    expect(names.toSorted()).toEqual(['', 'a', '\u{1f600}', '\ufb33']);
  });

  it('orders as the bytes of UTF-8 do', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(text, text, (a, b) => Math.sign(compareCodePoints(a, b)) === compareBytes(utf8(a), utf8(b))),
      { numRuns: 1000 },
    );
  });
});

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

function compareBytes(a: number[], b: number[]): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return Math.sign(at === -1 ? a.length - b.length : (a[at] as number) - (b[at] ?? -1));
}
