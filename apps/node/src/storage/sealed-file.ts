import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { BaseError } from '@skein/core';
import type { z } from 'zod';
import { writeSecretly } from '../files/write-secretly.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Writes JSON under AES-256-GCM: nonce, tag, ciphertext. @param key 32 bytes */
export async function writeSealed(path: string, key: Uint8Array, value: unknown): Promise<void> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  await writeSecretly(path, [nonce, cipher.getAuthTag(), body]);
}

/**
 * @returns null where there is no such file.
 * @throws BaseError `node/bad-file` where it was written under another key or changed since.
 */
export async function readSealed<Schema extends z.ZodType>(
  path: string,
  key: Uint8Array,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, file.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(file.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const body = Buffer.concat([decipher.update(file.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch (cause) {
    throw new BaseError('node/bad-file', `${path} can't be opened: it was changed, or belongs to another key.`, {
      info: { path },
      hints: ['Restore it from a backup of the same moment, or leave the round: the next one starts anew.'],
      cause,
    });
  }
}
