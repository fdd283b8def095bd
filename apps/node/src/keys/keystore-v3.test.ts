import { describe, expect, it } from 'vitest';
import { decryptKey, encryptKey, keystoreSchema } from './keystore-v3.ts';

/** Test vectors of the Web3 Secret Storage Definition, version 3 (ethereum.org, "Web3 secret storage definition"). */
const secret = '0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d';
const pbkdf2Vector = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
};
const scryptVector = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262144,
      r: 1,
      p: 8,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
};

describe('a key file', () => {
  it.each([
    ['pbkdf2', pbkdf2Vector],
    ['scrypt', scryptVector],
  ])('of the published %s vector opens', async (_, vector) => {
    expect(await decryptKey(keystoreSchema.parse(vector), 'testpassword')).toBe(secret);
  });

  it('opens with its password only, and never holds the key in clear', async () => {
    const keystore = await encryptKey(secret, 'right', 1024);
    expect(keystore.address).toBe('008aeeda4d805471df9b2a5b0f38a0c3bcba786b');
    expect(JSON.stringify(keystore)).not.toContain(secret.slice(2));
    expect(await decryptKey(keystoreSchema.parse(JSON.parse(JSON.stringify(keystore))), 'right')).toBe(secret);
    await expect(decryptKey(keystore, 'wrong')).rejects.toThrow(
      expect.objectContaining({ code: 'node/wrong-password' }),
    );
  });

  it('is refused where its address is another key’s', async () => {
    const keystore = { ...(await encryptKey(secret, 'a', 1024)), address: '00'.repeat(20) };
    await expect(decryptKey(keystore, 'a')).rejects.toThrow(expect.objectContaining({ code: 'node/key-mismatch' }));
  });

  it('is refused where it asks for more memory than anybody has', async () => {
    const greedy = structuredClone(scryptVector);
    greedy.crypto.kdfparams.n = 2 ** 30;
    const opening = decryptKey(keystoreSchema.parse(greedy), 'testpassword');
    await expect(opening).rejects.toThrow(expect.objectContaining({ code: 'node/key-too-costly' }));
  });
});
