import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDuplicateKey } from './duplicate-key.ts';

describe('findDuplicateKey', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"x":[{"b":1},{"c":1,"b":{},"c":2}]}', 'c'],
    ['{"":1,"":1}', ''],
    ['{"a\\"b" :1, "a\\u0022b"\n:2}', 'a"b'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"a":{"a":1},"b":{"a":1},"a":0}', 'a'],
  ])('finds in %s', (json, key) => {
    expect(findDuplicateKey(json)).toBe(key);
  });

  it.each([
    '{}',
    '[]',
    '1',
    '"a"',
    '{"a":"a","b":"a"}',
    '[{"a":1},{"a":1}]',
    '{"a":{"a":{"a":[]}}}',
    '{"a\\\\":1,"a":2}',
  ])('finds nothing in %s', (json) => {
    expect(findDuplicateKey(json)).toBeUndefined();
  });

  it('finds nothing in what JSON.stringify writes, and a repeated member anywhere', () => {
    const value = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
    fc.assert(
      fc.property(value, fc.string({ unit: 'binary' }), fc.nat(3), (json, key, indent) => {
        const member = `${JSON.stringify(key)}:${JSON.stringify(json, null, indent)}`;
        expect(findDuplicateKey(JSON.stringify(json, null, indent))).toBeUndefined();
        expect(findDuplicateKey(`[{"a":0},{${member},${member}}]`)).toBe(key);
      }),
    );
  });
});
