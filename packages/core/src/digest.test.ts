import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestFromHash, digestOfBytes, digestOfJson, digestSchema, hashOfDigest, parseDigest } from './digest.ts';
import { createSha256, sha256 } from './sha256.ts';

/** FIPS 180-4 examples of NIST: the empty message and "abc". */
const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ABC = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('digests', () => {
  it('are SHA-256', () => {
    expect(digestOfBytes(new Uint8Array())).toBe(EMPTY);
    expect(digestOfBytes(utf8('abc'))).toBe(ABC);
  });

  it('turn into hashes and back', () => {
    expect(digestFromHash(hashOfDigest(parseDigest(ABC)))).toBe(ABC);
    expect(hashOfDigest(parseDigest(ABC))).toEqual(sha256(utf8('abc')));
    expect(() => digestFromHash(new Uint8Array(31))).toThrow(RangeError);
  });

  it('of data are those of their canonical JSON', () => {
    expect(digestOfJson({ b: 1, a: 'é' })).toBe(digestOfBytes(utf8('{"a":"é","b":1}')));
  });

  it.each([ABC.slice(7), ABC.toUpperCase(), `${ABC}0`, ABC.slice(0, -1), `${ABC}\n`, 'sha512:00', '', 7, null])(
    'are refused when spelt %j',
    (value) => {
      expect(() => parseDigest(value)).toThrow(expect.objectContaining({ code: 'core/bad-digest' }));
      expect(digestSchema.safeParse(value).success).toBe(false);
    },
  );

  it('pass the schema as they are', () => {
    expect(digestSchema.parse(ABC)).toBe(ABC);
  });
});

describe('createSha256', () => {
  it('gives the same hash for every split', () => {
    const data = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(data, fc.array(fc.nat(300)), (bytes, cuts) => {
        const hash = createSha256();
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        for (const [i, place] of places.entries()) hash.update(bytes.subarray(place, places[i + 1] ?? bytes.length));
        expect(hash.digest()).toEqual(sha256(bytes));
      }),
    );
  });
});
