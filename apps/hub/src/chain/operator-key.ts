import { readFile } from 'node:fs/promises';
import type { Chain } from '@skein/chain';
import { gasBalance } from '@skein/chain';
import { BaseError } from '@skein/core';
import { isHex, type LocalAccount } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { isMissing, writeDurably } from '../storage/durable-file.ts';

/** Gas for some hundred transactions of a keeper. */
const ENOUGH_WEI = 10n ** 17n;

/** The account that keeps rounds moving: from its file (mode 600), made at the first start. @throws BaseError `hub/bad-key` */
export async function openOperatorKey(path: string): Promise<LocalAccount> {
  const text = await readFile(path, 'utf8').catch(async (error: unknown) => {
    if (!isMissing(error)) throw error;
    const key = generatePrivateKey();
    await writeDurably(path, Buffer.from(`${key}\n`), 0o600);
    return key;
  });
  const key = text.trim();
  if (isHex(key) && key.length === 66) return privateKeyToAccount(key);
  throw new BaseError('hub/bad-key', `${path} holds no private key.`, {
    hints: ['Write 0x and 64 hexadecimal digits into it, or bring it back from your backup.'],
  });
}

/**
 * Has a development chain give the operator gas, where it has too little and the chain offers that; other chains don't
 * know the method, and there the operator's owner pays.
 * @returns whether there is enough now
 */
export async function fundOperator(chain: Chain, account: LocalAccount): Promise<boolean> {
  if ((await gasBalance(chain, account.address)) >= ENOUGH_WEI) return true;
  const request = { method: 'skein_fund', params: [account.address] };
  await chain.client.request(request as never).catch(() => undefined);
  return (await gasBalance(chain, account.address)) >= ENOUGH_WEI;
}
