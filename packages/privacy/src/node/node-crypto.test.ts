import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../hex.ts';
import { nodeCrypto } from './node-crypto.ts';

/** RFC 7748 §6.1. */
const ALICE = {
  secret: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  public: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
};
const BOB = {
  secret: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  public: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
};
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';

/** AES-256 with a key of zeros on the blocks 0, 1 and 2: H, tag and ciphertext of GCM's test cases 13 and 14 (McGrew, Viega). */
const ZERO_KEY_STREAM =
  'dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738bcea7403d4d606b6e074ec5d3baf39d18';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('nodeCrypto', () => {
  it('does X25519 as RFC 7748', () => {
    expect(toHex(nodeCrypto.x25519PublicKey(fromHex(ALICE.secret)))).toBe(ALICE.public);
    expect(toHex(nodeCrypto.x25519PublicKey(fromHex(BOB.secret)))).toBe(BOB.public);
    expect(toHex(nodeCrypto.x25519SharedSecret(fromHex(ALICE.secret), fromHex(BOB.public))!)).toBe(SHARED);
    expect(toHex(nodeCrypto.x25519SharedSecret(fromHex(BOB.secret), fromHex(ALICE.public))!)).toBe(SHARED);
  });

  it.each([
    ['zero', '00'.repeat(32)],
    ['one', `01${'00'.repeat(31)}`],
    ['a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
  ])('gives no shared secret with a key of low order: %s', (_, key) => {
    expect(nodeCrypto.x25519SharedSecret(fromHex(ALICE.secret), fromHex(key))).toBeUndefined();
  });

  it('refuses keys of other lengths', () => {
    expect(() => nodeCrypto.x25519PublicKey(new Uint8Array(31))).toThrow(RangeError);
  });

  it('does HKDF as RFC 5869, test case 3', () => {
    const okm = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8';
    expect(toHex(nodeCrypto.hkdfSha256(new Uint8Array(22).fill(0x0b), new Uint8Array(), 42))).toBe(okm);
  });

  it('does AES-256 in counter mode from zero, the same for every split', () => {
    expect(toHex(nodeCrypto.aes256Ctr(new Uint8Array(32)).next(48))).toBe(ZERO_KEY_STREAM);
    const stream = nodeCrypto.aes256Ctr(new Uint8Array(32));
    expect(toHex(stream.next(16)) + toHex(stream.next(32))).toBe(ZERO_KEY_STREAM);
    expect(stream.next(1 << 18).byteOffset % 8).toBe(0);
  });

  it('does ChaCha20-Poly1305 as RFC 8439 §2.8.2', () => {
    const box = {
      key: Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index),
      nonce: fromHex('070000004041424344454647'),
      associatedData: fromHex('50515253c0c1c2c3c4c5c6c7'),
    };
    const plaintext = utf8(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const sealed = nodeCrypto.seal(box, plaintext);
    expect(toHex(sealed.subarray(0, 16))).toBe('d31a8d34648e60db7b86afbc53ef7ec2');
    expect(toHex(sealed.subarray(-16))).toBe('1ae10b594f09e26a7e902ecbd0600691');
    expect(nodeCrypto.open(box, sealed)).toEqual(plaintext);
    for (const index of [0, 50, sealed.length - 1]) {
      const altered = sealed.slice();
      altered[index]! ^= 1;
      expect(nodeCrypto.open(box, altered)).toBeUndefined();
    }
    expect(nodeCrypto.open({ ...box, associatedData: utf8('other') }, sealed)).toBeUndefined();
    expect(nodeCrypto.open(box, sealed.subarray(0, 15))).toBeUndefined();
  });

  it('does SHA-256 in one go and in pieces (FIPS 180-4)', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(toHex(nodeCrypto.sha256(utf8('abc')))).toBe(abc);
    expect(toHex(nodeCrypto.createSha256().update(utf8('a')).update(utf8('bc')).digest())).toBe(abc);
  });

  it('gives a secret back from any threshold of its shares, and noise from fewer', async () => {
    const secret = nodeCrypto.randomBytes(32);
    const shares = await nodeCrypto.splitSecret(secret, 5, 3);
    expect(shares.map((share) => share.length)).toEqual([33, 33, 33, 33, 33]);
    expect(await nodeCrypto.combineShares(shares.slice(2))).toEqual(secret);
    expect(await nodeCrypto.combineShares([shares[4]!, shares[0]!, shares[1]!])).toEqual(secret);
    expect(await nodeCrypto.combineShares(shares.slice(3))).not.toEqual(secret);
  });
});
