import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { BaseError, createNoteKey, type NoteKey, type VerifyEd25519 } from '@skein/core';
import { isMissing, writeDurably } from '../storage/durable-file.ts';

/** The key that signs the log's checkpoints and entries. */
export interface LogSigner {
  readonly key: NoteKey;
  sign(message: Uint8Array): Uint8Array;
}

/** Ed25519 of node:crypto. */
export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') };
  try {
    return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature);
  } catch {
    return false;
  }
};

/**
 * Reads the log's key from its file (PEM, mode 600), or makes it at the first start. The log's origin is
 * `skein/` and the first 16 digits of the public key, so that two hubs never share one.
 * @throws BaseError `hub/bad-key`
 */
export async function openLogSigner(path: string): Promise<LogSigner> {
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return createKeyFile(path);
    throw error;
  });
  try {
    const privateKey = createPrivateKey(pem);
    const publicKey = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
    const key = createNoteKey(`skein/${publicKey.toString('hex').slice(0, 16)}`, Uint8Array.from(publicKey));
    return { key, sign: (message) => Uint8Array.from(sign(null, message, privateKey)) };
  } catch (cause) {
    throw new BaseError('hub/bad-key', `${path} holds no Ed25519 key.`, {
      hints: ['Bring back the file from your backup: the log can only be continued with its key.'],
      cause,
    });
  }
}

async function createKeyFile(path: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  await writeDurably(path, Buffer.from(pem), 0o600);
  return pem;
}
