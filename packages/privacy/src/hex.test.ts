import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, hexSchema, toHex } from './hex.ts';

describe('hexadecimal digits', () => {
  it('turn into bytes and back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
    expect(toHex(Uint8Array.of(0, 10, 255))).toBe('000aff');
  });

  it.each(['0', 'AB', '0g', ' 00', '00\n'])('are refused when spelt %j', (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
    expect(hexSchema(1).safeParse(text).success).toBe(false);
  });

  it('have the length that their schema names', () => {
    expect(hexSchema(2).safeParse('00ff').success).toBe(true);
    expect(hexSchema(2).safeParse('00ff00').success).toBe(false);
  });
});
