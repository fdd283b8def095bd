import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { BaseError } from '@skein/core';
import { readTextFile } from '../files/json-file.ts';
import { writeSecretly } from '../files/write-secretly.ts';

export interface PasswordSource {
  /** `SKEIN_PASSWORD` and `SKEIN_PASSWORD_FILE` count first. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File that the node's configuration names. */
  readonly file: string;
  /** Whether a missing file is made with a random password: for development. */
  readonly make: boolean;
  readonly warn: (sentence: string) => void;
}

/**
 * The password of a node's key files.
 * @throws BaseError `node/no-password`, `node/open-password` where others may read the file.
 */
export async function readPassword({ env, file, make, warn }: PasswordSource): Promise<string> {
  if (env['SKEIN_PASSWORD']) return env['SKEIN_PASSWORD'];
  const path = env['SKEIN_PASSWORD_FILE'] || file;
  const password = (await readTextFile(path))?.replace(/\r?\n$/, '');
  if (password) {
    await assertPrivate(path);
    return password;
  }
  if (!make) {
    throw new BaseError('node/no-password', `There is no password: ${path} is missing or empty.`, {
      info: { path },
      hints: ['Write the password into that file (mode 0600), or set SKEIN_PASSWORD or SKEIN_PASSWORD_FILE.'],
    });
  }
  const made = randomBytes(24).toString('base64url');
  await writeSecretly(path, [new TextEncoder().encode(`${made}\n`)]);
  warn(`Made the password file ${path}: whoever reads it has the key. Use a password of your own outside development.`);
  return made;
}

async function assertPrivate(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  throw new BaseError('node/open-password', `Others on this machine may read the password file ${path}.`, {
    info: { path },
    hints: [`Run: chmod 600 ${path}`],
  });
}
