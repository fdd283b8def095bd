import {
  createCipheriv,
  createDecipheriv,
  pbkdf2,
  randomBytes,
  randomUUID,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { promisify } from 'node:util';
import { scryptAsync as relaxedScrypt } from '@noble/hashes/scrypt.js';
import { BaseError } from '@skein/core';
import { bytesToHex, type Hex, hexToBytes, keccak256 } from 'viem';
import { privateKeyToAddress } from 'viem/accounts';
import { z } from 'zod';

const scryptAsync = promisify<string, Uint8Array, number, object, Buffer>(scrypt);
const pbkdf2Async = promisify(pbkdf2);

/** A file that asks for more is not one that somebody made for use. */
const MAX_SCRYPT_BYTES = 1024 ** 3;

const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`), `expected ${bytes} bytes in hex`);
const kdfCommon = { dklen: z.literal(32), salt: z.string().regex(/^([0-9a-fA-F]{2})+$/) };
const cryptoCommon = {
  cipher: z.literal('aes-128-ctr'),
  cipherparams: z.object({ iv: hex(16) }),
  ciphertext: hex(32),
  mac: hex(32),
};

/** A private key at rest, as other Ethereum software reads and writes it: Web3 Secret Storage, version 3. */
export const keystoreSchema = z.object({
  version: z.literal(3),
  id: z.string(),
  address: z
    .string()
    .regex(/^(0x)?[0-9a-fA-F]{40}$/)
    .optional(),
  crypto: z.discriminatedUnion('kdf', [
    z.object({
      ...cryptoCommon,
      kdf: z.literal('scrypt'),
      kdfparams: z.object({ ...kdfCommon, n: z.int().min(2), r: z.int().min(1), p: z.int().min(1) }),
    }),
    z.object({
      ...cryptoCommon,
      kdf: z.literal('pbkdf2'),
      kdfparams: z.object({ ...kdfCommon, c: z.int().min(1).max(10_000_000), prf: z.literal('hmac-sha256') }),
    }),
  ]),
});

export type Keystore = z.infer<typeof keystoreSchema>;

/** OWASP's recommendation for scrypt: 128 MiB and about half a second. */
export const SCRYPT_N = 2 ** 17;

/**
 * Locks a private key with a password.
 * @param scryptN cost, a power of two; lower ones are for tests.
 */
export async function encryptKey(key: Hex, password: string, scryptN = SCRYPT_N): Promise<Keystore> {
  const kdfparams = { dklen: 32, n: scryptN, r: 8, p: 1, salt: randomBytes(32).toString('hex') } as const;
  const derived = await scryptAsync(password, Buffer.from(kdfparams.salt, 'hex'), 32, scryptOptions(kdfparams));
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(hexToBytes(key)), cipher.final()]);
  return {
    version: 3,
    id: randomUUID(),
    address: privateKeyToAddress(key).slice(2).toLowerCase(),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toString('hex') },
      ciphertext: ciphertext.toString('hex'),
      kdf: 'scrypt',
      kdfparams,
      mac: macOf(derived, ciphertext).toString('hex'),
    },
  };
}

/**
 * @returns the private key.
 * @throws BaseError `node/wrong-password` where the MAC differs, `node/key-mismatch` where the key is another address's.
 */
export async function decryptKey(keystore: Keystore, password: string): Promise<Hex> {
  const { crypto } = keystore;
  const derived = await deriveKey(crypto, password);
  const ciphertext = Buffer.from(crypto.ciphertext, 'hex');
  if (!timingSafeEqual(macOf(derived, ciphertext), Buffer.from(crypto.mac, 'hex'))) {
    throw new BaseError('node/wrong-password', `The password does not open the key of ${nameOf(keystore)}.`, {
      hints: [
        'Check the password file or SKEIN_PASSWORD.',
        'If the password is right, the file is damaged: use a backup.',
      ],
    });
  }
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), Buffer.from(crypto.cipherparams.iv, 'hex'));
  const key = bytesToHex(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  assertAddress(keystore, key);
  return key;
}

async function deriveKey(crypto: Keystore['crypto'], password: string): Promise<Buffer> {
  const salt = Buffer.from(crypto.kdfparams.salt, 'hex');
  if (crypto.kdf === 'pbkdf2') return await pbkdf2Async(password, salt, crypto.kdfparams.c, 32, 'sha256');
  const { n, r, p } = crypto.kdfparams;
  if (128 * n * r + 128 * r * p > MAX_SCRYPT_BYTES) {
    throw new BaseError('node/key-too-costly', `The key file asks scrypt for more than 1 GiB (n=${n}, r=${r}).`, {
      hints: ['Export the key again with usual parameters.'],
    });
  }
  // RFC 7914 asks for n < 2^(16·r), and OpenSSL insists; the definition's own test vector doesn't keep to it.
  if (r < 4 && n >= 2 ** (16 * r)) return Buffer.from(await relaxedScrypt(password, salt, { N: n, r, p, dkLen: 32 }));
  return await scryptAsync(password, salt, 32, scryptOptions(crypto.kdfparams));
}

/** The account that a key file says it belongs to; few leave that out. */
function nameOf({ address, id }: Keystore): string {
  return address === undefined ? `key file ${id}` : `account 0x${address.toLowerCase().replace(/^0x/, '')}`;
}

function assertAddress(keystore: Keystore, key: Hex): void {
  if (keystore.address === undefined) return;
  const actual = privateKeyToAddress(key).toLowerCase();
  if (actual.slice(2) === keystore.address.toLowerCase().replace(/^0x/, '')) return;
  throw new BaseError('node/key-mismatch', `The key file of ${nameOf(keystore)} holds another account's key.`, {
    hints: ['The file was edited or mixed up; use a backup.'],
  });
}

function macOf(derived: Buffer, ciphertext: Buffer): Buffer {
  return Buffer.from(keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext]), 'bytes'));
}

function scryptOptions({ n, r, p }: { n: number; r: number; p: number }): object {
  return { N: n, r, p, maxmem: 128 * n * r + 128 * r * p + 1024 * 1024 };
}
