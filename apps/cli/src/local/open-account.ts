import { createChain, tokenBalance } from '@skein/chain';
import { readBook } from '@skein/chain/node';
import { invariant } from '@skein/core';
import { initNode, openNode } from '@skein/node';
import type { Hex } from 'viem';
import { fundAccount } from './fund-account.ts';
import type { LocalDirectory } from './local-directory.ts';

export interface LocalAccount {
  readonly name: string;
  /** Of the hub. */
  readonly url: string;
  readonly rpcUrl: string;
  /** Null for an account that only creates and pays. */
  readonly data: string | null;
  /** One brought along instead of a random one. */
  readonly privateKey?: Hex | undefined;
  readonly signal?: AbortSignal;
}

/**
 * A node's directory with its key and a policy that lets it train on its folder, and money for its stake: made, or found
 * as it was left. @returns the account's address
 */
export async function openAccount(local: LocalDirectory, account: LocalAccount): Promise<string> {
  const directory = local.nodeDirectory(account.name);
  const known = await openNode(directory).then(
    ({ keys }) => keys.current,
    () => null,
  );
  const address = known ?? (await makeNode(directory, account)).address;
  const book = await readBook(local.book);
  invariant(book !== undefined, 'a chain that is ready has written its address book');
  // Whoever was killed between the two left an account without money. The faucet gives gas first, so tokens tell.
  const tokens = await tokenBalance(createChain({ rpcUrl: account.rpcUrl, book }), address as Hex);
  if (tokens === 0n) await fundAccount(account.rpcUrl, address, account.signal);
  return address;
}

function makeNode(directory: string, { url, rpcUrl, data, privateKey }: LocalAccount) {
  return initNode({
    directory,
    config: {
      hub: url,
      rpc: rpcUrl,
      roles: data === null ? ['evaluate'] : ['train', 'evaluate', 'aggregate'],
      ...(data === null ? {} : { data: { own: data } }),
      threads: 1,
      pollSeconds: 1,
    },
    policy: { folders: { own: { secure: true, minCohort: 3 } } },
    makePassword: true,
    warn: () => undefined,
    privateKey,
  });
}
