import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { MAX_JSON_DEPTH } from './limits.ts';

/** RFC 8785, appendix B: IEEE 754 bits and their text. */
const NUMBERS = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
] as const;

function numberOfBits(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

describe('canonicalJson, vectors of RFC 8785', () => {
  it.each(NUMBERS)('appendix B: %s is %s', (bits, text) => {
    expect(canonicalJson(numberOfBits(bits))).toBe(text);
  });

  it.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])('appendix B: %s is refused', (bits) => {
    expect(() => canonicalJson([numberOfBits(bits)])).toThrow(TypeError);
  });

  it('§3.2.2: numbers, strings and literals', () => {
    const input = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    const expected =
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
      String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`;
    expect(canonicalJson(JSON.parse(input))).toBe(expected);
  });

  it('§3.2.3: members are sorted by UTF-16 units', () => {
    const input = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const values = [...canonicalJson(input).matchAll(/:"([^"]*)"/g)].map((match) => match[1]);
    expect(values).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });
});

describe('canonicalJson', () => {
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  const withHole: unknown[] = [];
  withHole.length = 1;

  it.each<[string, unknown, string]>([
    ['undefined', { a: { b: [1, undefined] } }, '$["a"]["b"][1]: undefined'],
    ['a hole in an array', withHole, '$[0]: undefined'],
    ['bigint', { a: 1n }, '$["a"]: bigint'],
    ['a function', [() => 1], '$[0]: function'],
    ['a symbol', Symbol('x'), '$: symbol'],
    ['a lone surrogate', ['\ud800'], '$[0]: a string with a lone surrogate'],
    ['a lone surrogate in a name', { '\udc00': 1 }, '$: a string with a lone surrogate'],
    ['a Date, whose toJSON would hide it', { at: new Date(0) }, '$["at"]: no plain object'],
    ['a Map, which would become {}', new Map([[1, 2]]), '$: no plain object'],
    ['a typed array', new Float32Array(1), '$: no plain object'],
    ['a cycle', cycle, 'deeper than 256 levels'],
  ])('refuses %s and says where', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => canonicalJson(value)).toThrow(message);
  });

  it('holds as many levels as its limit says', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(canonicalJson(JSON.parse(nested(MAX_JSON_DEPTH)))).toBe(nested(MAX_JSON_DEPTH));
    expect(() => canonicalJson(JSON.parse(nested(MAX_JSON_DEPTH + 1)))).toThrow('levels');
  });

  it('keeps a member named __proto__', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"b":1},"A":2}'))).toBe('{"A":2,"__proto__":{"b":1}}');
  });

  it('is read back as the same data, and writing that again gives the same text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), (value) => {
        const text = canonicalJson(value);
        // JSON has no −0: it is written as 0.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('does not depend on the order of members', () => {
    const members = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), fc.integer()), { selector: ([key]) => key });
    fc.assert(
      fc.property(members, (entries) => {
        const backwards = Object.fromEntries(entries.toReversed());
        expect(canonicalJson(Object.fromEntries(entries))).toBe(canonicalJson(backwards));
      }),
    );
  });
});
