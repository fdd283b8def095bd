import { BaseError } from '@skein/core';
import {
  type Account,
  type Address,
  BaseError as ViemError,
  createPublicClient,
  defineChain,
  http,
  HttpRequestError,
  type LocalAccount,
  TimeoutError,
} from 'viem';
import { type AddressBook, addressBookSchema } from './address-book.ts';
import { createInOrder, type InOrder } from './in-order.ts';
import { allianceAbi } from './generated/alliance-abi.ts';
import { stakingAbi } from './generated/staking-abi.ts';
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
   * @throws BaseError `chain/unreachable`, `chain/wrong-chain`, `chain/not-deployed`, `chain/foreign-contracts`
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
  const { alliance } = book;
  const chainId = await client.getChainId().catch((cause: unknown) => {
    throw unreachableError(rpcUrl, cause);
  });
  if (chainId !== book.chainId) {
    throw new BaseError('chain/wrong-chain', `${rpcUrl} is on chain ${chainId}, the address book on ${book.chainId}.`, {
      info: { rpcUrl, chainId, expected: book.chainId },
      hints: ['Use the RPC address that belongs to this address book.'],
    });
  }
  const staking = await client
    .readContract({ address: alliance, abi: allianceAbi, functionName: 'staking' })
    .catch((cause: unknown) => {
      throw isSilent(cause) ? unreachableError(rpcUrl, cause) : notDeployed(rpcUrl, book);
    });
  const token = await client.readContract({ address: staking, abi: stakingAbi, functionName: 'token' });
  assertSame(alliance, 'staking', { named: book.staking, real: staking });
  assertSame(alliance, 'token', { named: book.token, real: token });
}

/**
 * Money is approved and sent to Staking, so a book has to name the one that Alliance itself works with: that contract is
 * what people pin, and the rest of the book may come from a hub.
 */
function assertSame(alliance: Address, name: string, { named, real }: Record<'named' | 'real', Address>): void {
  if (named === real) return;
  const message = `The address book names ${named} as ${name}; the contract ${alliance} works with ${real}.`;
  throw new BaseError('chain/foreign-contracts', message, {
    info: { name, named, real },
    hints: ['Don’t send money there. Whoever gave you the address book is mistaken or lies.'],
  });
}

function isSilent(error: unknown): boolean {
  const isOne = (cause: unknown) => cause instanceof HttpRequestError || cause instanceof TimeoutError;
  return error instanceof ViemError && error.walk(isOne) !== null;
}

function notDeployed(rpcUrl: string, { alliance, chainId }: AddressBook): BaseError {
  return new BaseError('chain/not-deployed', `There is no contract Alliance at ${alliance} on chain ${chainId}.`, {
    info: { rpcUrl, address: alliance },
    hints: ['Use the address book of this chain; a chain that was begun anew needs a new deployment.'],
  });
}
