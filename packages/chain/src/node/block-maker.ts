import { BaseError } from '@skein/core';
import {
  type Address,
  type Hex,
  hexToNumber,
  parseTransaction,
  recoverTransactionAddress,
  type TransactionSerialized,
} from 'viem';
import { createInOrder } from '../in-order.ts';
import type { ChainJournal } from './chain-journal.ts';
import type { RpcClient, RpcResult } from './json-rpc.ts';
import { saveDump } from './state-dumps.ts';

/**
 * Makes one block of each transaction, one after another. A transaction is in the journal with its block's timestamp
 * before anvil sees it, so that a replay makes the same blocks with the same hashes.
 */
export interface BlockMaker {
  /** As `eth_sendRawTransaction`, but mined when it answers. */
  send(raw: Hex): Promise<RpcResult>;
  /** Puts the journal's entries after a dump into blocks again, before anything is sent. */
  replay(fromSequence: number): Promise<void>;
  /** Writes the state to disk, if there is something new. */
  dump(): Promise<void>;
  /** Transactions since the last dump. */
  readonly undumped: number;
}

export interface BlockMakerOptions {
  readonly rpc: RpcClient;
  readonly journal: ChainJournal;
  readonly directory: string;
  readonly nowSeconds: () => number;
}

const REJECTED = -32_003;

export function createBlockMaker({ rpc, journal, directory, nowSeconds }: BlockMakerOptions): BlockMaker {
  let dumpedSequence = 0;
  let lastTimestamp = 0;
  const inOrder = createInOrder();

  const send = async (raw: Hex): Promise<RpcResult> => {
    const refusal = await refuseNonce(rpc, raw);
    if (refusal !== undefined) return refusal;
    const timestamp = Math.max(nowSeconds(), lastTimestamp);
    const sequence = journal.append(raw, timestamp);
    const { answer, isMade } = await makeBlock(rpc, raw, timestamp);
    if (isMade) lastTimestamp = timestamp;
    else journal.remove(sequence);
    return answer;
  };

  return {
    send: (raw) => inOrder(() => send(raw)),
    replay: (fromSequence) =>
      inOrder(async () => {
        dumpedSequence = fromSequence;
        await replayJournal(rpc, journal, fromSequence);
        // Replayed timestamps have moved anvil's clock into the past; calls must see the present.
        lastTimestamp = Math.max(nowSeconds(), await latestTimestamp(rpc));
        await rpc.call('evm_setTime', lastTimestamp);
      }),
    dump: () =>
      inOrder(async () => {
        const sequence = journal.lastSequence();
        if (sequence === dumpedSequence) return;
        const state = (await rpc.call('anvil_dumpState')) as Hex;
        await saveDump(directory, sequence, Buffer.from(state.slice(2), 'hex'));
        dumpedSequence = sequence;
      }),
    get undumped() {
      return journal.lastSequence() - dumpedSequence;
    },
  };
}

interface Made {
  readonly answer: RpcResult;
  /** Whether there is a block, if an empty one: then a replay must make it too. */
  readonly isMade: boolean;
}

async function makeBlock(rpc: RpcClient, raw: Hex, timestamp: number): Promise<Made> {
  const answer = await rpc.ask('eth_sendRawTransaction', [raw]);
  if ('error' in answer) return { answer, isMade: false };
  const [block] = (await rpc.call('evm_mine_detailed', { timestamp })) as { transactions: unknown[] }[];
  if (block?.transactions.length === 1) return { answer, isMade: true };
  await rpc.call('anvil_dropAllTransactions');
  const message = 'transaction underpriced: its fee is below the base fee';
  return { answer: { error: { code: REJECTED, message } }, isMade: true };
}

async function replayJournal(rpc: RpcClient, journal: ChainJournal, fromSequence: number): Promise<void> {
  // On a loaded state anvil takes the time of its own start for that of the last block, and refuses earlier ones.
  await rpc.call('evm_setTime', await latestTimestamp(rpc));
  for (const { sequence, raw, timestamp } of journal.after(fromSequence)) {
    const { answer, isMade } = await makeBlock(rpc, raw, timestamp);
    if (isMade) continue;
    if (sequence !== journal.lastSequence()) {
      const reason = 'error' in answer ? answer.error.message : 'no reason given';
      const message = `Entry ${sequence} of the chain's journal is refused on replay: ${reason}.`;
      throw new BaseError('chain/journal-broken', message, { info: { sequence } });
    }
    // We were killed between writing the last entry and taking it back: nobody was told that it had passed.
    journal.remove(sequence);
  }
}

async function latestTimestamp(rpc: RpcClient): Promise<number> {
  const block = (await rpc.call('eth_getBlockByNumber', 'latest', false)) as { timestamp: Hex };
  return hexToNumber(block.timestamp);
}

/** anvil would keep a transaction of the future for later; here each makes its block or is refused. */
async function refuseNonce(rpc: RpcClient, raw: Hex): Promise<RpcResult | undefined> {
  const signed = await parseSigned(raw);
  if (signed === undefined) return { error: { code: -32_602, message: 'not a signed transaction' } };
  const { from, nonce } = signed;
  const expected = hexToNumber((await rpc.call('eth_getTransactionCount', from, 'latest')) as Hex);
  if (nonce === expected) return undefined;
  const message = nonce < expected ? 'nonce too low' : 'nonce too high';
  return { error: { code: REJECTED, message: `${message}: is ${nonce}, next ${expected}` } };
}

async function parseSigned(raw: Hex): Promise<{ from: Address; nonce: number } | undefined> {
  try {
    const { nonce = 0 } = parseTransaction(raw);
    const from = await recoverTransactionAddress({ serializedTransaction: raw as TransactionSerialized });
    return { from, nonce };
  } catch {
    return undefined;
  }
}
