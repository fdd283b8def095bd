import { secp256k1 } from '@noble/curves/secp256k1.js';
import { digestOfBytes } from '@skein/core';
import { describe, expect, it } from 'vitest';
import type { Message } from '../message.ts';
import type { Address } from '../units.ts';
import { fromHex, toHex } from './abi-words.ts';
import { accountAt, sampleDomain } from '../testing/sample-accounts.ts';
import type { Unsigned } from './message-hash.ts';
import { messagesRoot } from './messages-root.ts';
import { createRememberingVerifier } from './remembering-verifier.ts';
import { signMessage } from './sign-message.ts';
import { verifyMessage } from './verify-message.ts';

const domain = sampleDomain;
const digest = digestOfBytes(new Uint8Array([1]));
const signer = accountAt(7);
const unsigned: Unsigned<'round/replay/1'> = {
  protocol: 'skein/1',
  alliance: '3',
  round: 2,
  attempt: 1,
  sender: signer.address,
  kind: 'round/replay/1',
  body: { posted: digest, replayed: digestOfBytes(new Uint8Array([2])) },
};

describe('a signed message', () => {
  it('verifies in its domain and place', async () => {
    const message = await signMessage(domain, unsigned, signer);
    const verified = verifyMessage(domain, JSON.parse(JSON.stringify(message)), {
      alliance: '3',
      round: 2,
      attempt: 1,
    });
    expect(verified).toEqual({ ok: true, message });
  });

  it("can't be signed by another account", async () => {
    await expect(signMessage(domain, unsigned, accountAt(8))).rejects.toThrow(RangeError);
  });

  it.each<[string, (message: Message) => unknown, string]>([
    ['altered', (message) => ({ ...message, body: { ...unsigned.body, replayed: digest } }), 'bad-signature'],
    ['moved to another round', (message) => ({ ...message, round: 3 }), 'bad-signature'],
    ['of another sender', (message) => ({ ...message, sender: accountAt(8).address }), 'bad-signature'],
    ['with a changed signature', (m) => ({ ...m, signature: `0x${'00'.repeat(64)}1b` }), 'bad-signature'],
    ['of another version', (message) => ({ ...message, protocol: 'skein/2' }), 'other-protocol'],
    ['with more than the schema has', (message) => ({ ...message, more: 1 }), 'malformed'],
    ['of no known kind', (message) => ({ ...message, kind: 'round/keys/9' }), 'malformed'],
    ['no object', () => 'hello', 'malformed'],
    ['no JSON', () => ({ a: 1n }), 'malformed'],
    ['too large', (message) => ({ ...message, more: 'x'.repeat(300_000) }), 'too-large'],
  ])('is refused when %s', async (_, change, fault) => {
    const message = await signMessage(domain, unsigned, signer);
    expect(verifyMessage(domain, change(message))).toMatchObject({ ok: false, fault });
  });

  it('is refused with the second spelling of its signature (high s)', async () => {
    const message = await signMessage(domain, unsigned, signer);
    const bytes = fromHex(message.signature);
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact');
    const high = new secp256k1.Signature(parsed.r, secp256k1.Point.Fn.ORDER - parsed.s);
    const signature = `${toHex(high.toBytes('compact'))}${(27 + 28 - bytes[64]!).toString(16)}`;
    expect(verifyMessage(domain, { ...message, signature })).toMatchObject({ fault: 'bad-signature' });
  });

  it.each([
    [{ alliance: '4' }, 'other-alliance'],
    [{ round: 1 }, 'other-round'],
    [{ attempt: 0 }, 'other-attempt'],
  ])('is refused by who expects %o', async (expected, fault) => {
    const message = await signMessage(domain, unsigned, signer);
    expect(verifyMessage(domain, message, expected)).toMatchObject({ ok: false, fault });
  });

  it('means nothing on another chain or for another contract', async () => {
    const message = await signMessage(domain, unsigned, signer);
    const fault = 'bad-signature';
    expect(verifyMessage({ ...domain, chainId: 1 }, message)).toMatchObject({ fault });
    expect(verifyMessage({ ...domain, contract: `0x${'22'.repeat(20)}` as Address }, message)).toMatchObject({ fault });
  });
});

describe('a remembering verifier', () => {
  it('says the same as one that forgets', async () => {
    const verify = createRememberingVerifier(domain);
    const message = await signMessage(domain, unsigned, signer);
    const forged = { ...message, round: 3 };
    for (let i = 0; i < 2; i++) {
      expect(verify(message, { round: 2 })).toEqual(verifyMessage(domain, message, { round: 2 }));
      expect(verify(message, { round: 3 })).toMatchObject({ fault: 'other-round' });
      expect(verify(forged)).toMatchObject({ fault: 'bad-signature' });
      expect(verify({ a: 1n })).toMatchObject({ fault: 'malformed' });
    }
  });
});

describe('the root over messages', () => {
  it('depends on words and senders, not on order or signatures', async () => {
    const other = accountAt(9);
    const a = await signMessage(domain, unsigned, signer);
    const b = await signMessage(domain, { ...unsigned, sender: other.address }, other);
    expect(messagesRoot(domain, [a, b])).toBe(messagesRoot(domain, [b, { ...a, signature: `0x${'00'.repeat(65)}` }]));
    expect(messagesRoot(domain, [a, b])).not.toBe(messagesRoot(domain, [a]));
    expect(messagesRoot(domain, [a, b])).not.toBe(messagesRoot(domain, [a, { ...b, round: 9 }]));
  });
});
