import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError } from '@skein/core';
import { type Hex, isHex, type PrivateKeyAccount } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { writeDurably } from './write-durably.ts';

/** The account that a development chain gives all its money at genesis; its key is made at the first start. */
export async function openTreasury(directory: string): Promise<PrivateKeyAccount> {
  const path = join(directory, 'treasury.key');
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (known !== undefined) return privateKeyToAccount(parseKey(known.trim(), path));
  const key = generatePrivateKey();
  await writeDurably(path, `${key}\n`, 0o600);
  return privateKeyToAccount(key);
}

function parseKey(text: string, path: string): Hex {
  if (isHex(text) && text.length === 66) return text;
  throw new BaseError('chain/bad-key-file', `${path} holds no private key.`, {
    info: { path },
    hints: ['Restore it from a backup; without it the chain can fund nobody.'],
  });
}
