import { BaseError } from '@skein/core';
import { type Account, type Address, createPublicClient, defineChain, http, type LocalAccount } from 'viem';
import { type AddressBook, addressBookSchema } from './address-book.ts';
import { createInOrder, type InOrder } from './in-order.ts';
import { unreachableError } from './unreachable-error.ts';

/** What `createChain` needs. */
export interface ChainOptions {
  /** HTTP address of a node's JSON-RPC interface. */
  readonly rpcUrl: string;
  readonly book: AddressBook;
  /** Signs what is sent; reading needs none. */
  readonly account?: LocalAccount;
  /** Longest wait for one answer of the node. */
  readonly requestTimeoutMs?: number;
  /** Longest wait for a transaction to be mined. */
  readonly receiptTimeoutMs?: number;
  /** Between two looks for a receipt. */
  readonly pollingIntervalMs?: number;
}

/** Reading and, with an account, writing the contracts of one deployment. Actions take it as their first argument. */
export interface Chain {
  readonly book: AddressBook;
  readonly rpcUrl: string;
  readonly client: ReturnType<typeof createClient>;
  readonly account: LocalAccount | undefined;
  readonly receiptTimeoutMs: number;
  readonly pollingIntervalMs: number;
  /**
   * Makes sure, once, that the node is on the chain of the address book and that the contracts are there.
   * @throws BaseError `chain/unreachable`, `chain/wrong-chain`, `chain/not-deployed`
   */
  verify(): Promise<void>;
  /** Runs one after another what sends from the account, so that two sends never take the same nonce. */
  readonly inOrder: InOrder;
}

/** Prepares access to a deployment; nothing is asked of the node yet. @throws TypeError for a malformed address book. */
export function createChain(options: ChainOptions): Chain {
  const { rpcUrl, account, requestTimeoutMs = 10_000, receiptTimeoutMs = 60_000, pollingIntervalMs = 100 } = options;
  const parsed = addressBookSchema.safeParse(options.book);
  if (!parsed.success) throw new TypeError(`The address book is malformed: ${parsed.error.issues[0]?.message}`);
  const book = parsed.data;
  const client = createClient(rpcUrl, book.chainId, requestTimeoutMs);
  let verified: Promise<void> | undefined;
  return {
    book,
    rpcUrl,
    client,
    account,
    receiptTimeoutMs,
    pollingIntervalMs,
    verify() {
      verified ??= verifyDeployment(client, book, rpcUrl).catch((error: unknown) => {
        verified = undefined;
        throw error;
      });
      return verified;
    },
    inOrder: createInOrder(),
  };
}

/** The account that sends. @throws TypeError where the chain was created without one. */
export function senderOf(chain: Chain): LocalAccount {
  if (chain.account === undefined) throw new TypeError('This needs a chain that was created with an account');
  return chain.account;
}

/** An account or its address. */
export function addressOf(account: Account | Address): Address {
  return typeof account === 'string' ? account : account.address;
}

function createClient(rpcUrl: string, chainId: number, timeoutMs: number) {
  const currency = { name: 'Ether', symbol: 'ETH', decimals: 18 };
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: currency,
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  // Who calls decides about retries: actions can be repeated safely, and a daemon has its own backoff.
  return createPublicClient({ chain, transport: http(rpcUrl, { timeout: timeoutMs, retryCount: 0 }), cacheTime: 0 });
}

async function verifyDeployment(
  client: ReturnType<typeof createClient>,
  book: AddressBook,
  rpcUrl: string,
): Promise<void> {
  const chainId = await client.getChainId().catch((cause: unknown) => {
    throw unreachableError(rpcUrl, cause);
  });
  if (chainId !== book.chainId) {
    throw new BaseError('chain/wrong-chain', `${rpcUrl} is on chain ${chainId}, the address book on ${book.chainId}.`, {
      info: { rpcUrl, chainId, expected: book.chainId },
      hints: ['Use the RPC address that belongs to this address book.'],
    });
  }
  const code = await client.getCode({ address: book.alliance });
  if (code !== undefined) return;
  throw new BaseError('chain/not-deployed', `There is no contract at ${book.alliance} on chain ${chainId}.`, {
    info: { rpcUrl, address: book.alliance },
    hints: ['Use the address book of this chain; a chain that was begun anew needs a new deployment.'],
  });
}
