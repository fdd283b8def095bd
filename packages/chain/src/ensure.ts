import { BaseError } from '@skein/core';
import {
  type Abi,
  type Address,
  BaseError as ViemError,
  encodeFunctionData,
  ExecutionRevertedError,
  type Hash,
  type Hex,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
} from 'viem';
import { addressOf, type Chain, senderOf } from './chain.ts';
import { contractError } from './contract-error.ts';

/** What every sending action takes besides its own arguments. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
}

/** `already`: somebody, maybe we before a crash, has done it; otherwise the mined transaction. */
export type Outcome = { readonly status: 'already' } | Mined;

export interface Mined {
  readonly status: 'mined';
  readonly transaction: Hash;
  readonly blockNumber: bigint;
}

export interface ContractCall {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** A state, and the call that brings it about. */
export interface Wish {
  readonly isDone: () => Promise<boolean>;
  /** Made from the state as it is when the call is sent. */
  readonly call: () => ContractCall | Promise<ContractCall>;
}

/** Sends that were overtaken: another process of the same account, a chain restarted without them, a lost race. */
const MAX_ATTEMPTS = 5;
/** A node behind a load balancer may hear of a transaction later than the one that took it. */
const LOST_AFTER_LOOKS = 10;
/** The state between estimate and mining may cost more, for instance for the last vote of a round. */
const GAS_MARGIN = { numerator: 3n, denominator: 2n };

/**
 * Brings about a state by one transaction, unless it is there already; safe to repeat after a crash at any moment.
 * @throws BaseError by the contract's own errors (`chain/wrong-round` …), `chain/unreachable`, `chain/wrong-chain`,
 * `chain/not-mined`; what `signal` was aborted with
 */
export async function ensure(chain: Chain, { isDone, call: toCall, signal }: Wish & SendOptions): Promise<Outcome> {
  const sender = senderOf(chain);
  await chain.verify();
  return chain.inOrder(async () => {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      signal?.throwIfAborted();
      if (await isDone()) return { status: 'already' };
      const call = await toCall();
      const data = await simulate(chain, call, isDone);
      if (data === 'already') return { status: data };
      const transaction = await send(chain, { call, data, from: addressOf(sender) });
      const mined = transaction === undefined ? undefined : await waitForReceipt(chain, transaction, signal);
      if (mined !== undefined) return mined;
    }
    throw new BaseError('chain/not-mined', `A transaction was sent ${MAX_ATTEMPTS} times and never mined.`, {
      info: { account: sender.address },
      hints: ['Look whether another program sends from the same account.'],
    });
  });
}

/** Runs a call without sending it; a refusal counts only if the wanted state didn't come about meanwhile. */
async function simulate(chain: Chain, call: ContractCall, isDone: () => Promise<boolean>): Promise<Hex | 'already'> {
  try {
    // The block in the making has the present time, which deadlines are compared with; the latest may be old.
    await chain.client.simulateContract({ ...call, account: senderOf(chain).address, blockTag: 'pending' });
    return encodeFunctionData(call);
  } catch (error) {
    const refusal = contractError(chain, call.functionName, error);
    if (refusal.code === 'chain/unreachable' || !(await isDone().catch(() => false))) throw refusal;
    return 'already';
  }
}

interface Sending {
  readonly call: ContractCall;
  readonly data: Hex;
  readonly from: Address;
}

/**
 * Signs and hands in. The nonce is the chain's own word each time, so that a chain that was restarted, maybe without our
 * last transactions, is followed. @returns undefined where the nonce was taken meanwhile.
 */
async function send(chain: Chain, { call, data, from }: Sending): Promise<Hash | undefined> {
  const { client } = chain;
  try {
    const nonce = await client.getTransactionCount({ address: from, blockTag: 'pending' });
    const estimate = await client.estimateGas({ account: from, to: call.address, data, blockTag: 'pending' });
    const fees = await client.estimateFeesPerGas();
    const gas = (estimate * GAS_MARGIN.numerator) / GAS_MARGIN.denominator;
    const request = {
      chainId: chain.book.chainId,
      type: 'eip1559',
      to: call.address,
      data,
      nonce,
      gas,
      ...fees,
    } as const;
    const serializedTransaction = await senderOf(chain).signTransaction(request);
    return await client.sendRawTransaction({ serializedTransaction });
  } catch (error) {
    if (isNonceConflict(error) || isRevert(error)) return undefined;
    throw contractError(chain, call.functionName, error);
  }
}

/** The state has changed since the simulation, which will say how. */
function isRevert(error: unknown): boolean {
  return error instanceof ViemError && error.walk((cause) => cause instanceof ExecutionRevertedError) !== null;
}

/** Nodes have no common code for this, only words. */
function isNonceConflict(error: unknown): boolean {
  return /nonce too low|nonce is too low|lower than the current nonce|already known|already imported|underpriced/i.test(
    String(error),
  );
}

/**
 * Waits until a transaction is mined. @returns undefined if the node has lost it, or if it was mined and refused because
 * the state had changed: both times the caller looks again.
 */
async function waitForReceipt(chain: Chain, hash: Hash, signal: AbortSignal | undefined): Promise<Mined | undefined> {
  const deadlineMs = performance.now() + chain.receiptTimeoutMs;
  let lastError: unknown;
  let unknownCount = 0;
  while (performance.now() < deadlineMs) {
    signal?.throwIfAborted();
    try {
      const receipt = await chain.client.getTransactionReceipt({ hash });
      if (receipt.status === 'reverted') return undefined;
      return { status: 'mined', transaction: hash, blockNumber: receipt.blockNumber };
    } catch (error) {
      lastError = error;
      // A node that is down may come back; the transaction is on its disk or it will be found missing.
      const unknown = error instanceof TransactionReceiptNotFoundError && (await isUnknown(chain, hash));
      unknownCount = unknown ? unknownCount + 1 : 0;
      if (unknownCount === LOST_AFTER_LOOKS) return undefined;
    }
    await pause(chain.pollingIntervalMs, signal);
  }
  throw contractError(chain, 'waiting for a transaction', lastError);
}

async function isUnknown(chain: Chain, hash: Hash): Promise<boolean> {
  try {
    await chain.client.getTransaction({ hash });
    return false;
  } catch (error) {
    return error instanceof TransactionNotFoundError;
  }
}

function pause(lengthMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, lengthMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
