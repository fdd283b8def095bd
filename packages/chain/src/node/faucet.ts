import { encodeFunctionData, erc20Abi, type Hex, hexToBigInt, hexToNumber, type PrivateKeyAccount } from 'viem';
import { type AddressBook, addressSchema } from '../address-book.ts';
import { tokenAbi } from '../generated/token-abi.ts';
import { createInOrder } from '../in-order.ts';
import type { BlockMaker } from './block-maker.ts';
import type { ChainJournal } from './chain-journal.ts';
import type { RpcClient, RpcResult } from './json-rpc.ts';
import { FUNDED_TOKENS, FUNDED_WEI, MAX_FUNDINGS } from './limits.ts';

/** Gives play money to who asks: the method `skein_fund(address)`, which no other chain has. */
export interface Faucet {
  /** Fills an address up with gas money and development tokens. @returns what it has then, in hexadecimal */
  fund(account: unknown): Promise<RpcResult>;
}

interface FaucetOptions {
  readonly rpc: RpcClient;
  readonly maker: BlockMaker;
  readonly journal: ChainJournal;
  readonly treasury: PrivateKeyAccount;
  readonly book: AddressBook;
}

interface Payment {
  readonly to: Hex;
  readonly value: bigint;
  readonly data: Hex;
}

export function createFaucet({ rpc, maker, journal, treasury, book }: FaucetOptions): Faucet {
  const inOrder = createInOrder();
  const fund = async (account: Hex): Promise<RpcResult> => {
    const wei = hexToBigInt((await rpc.call('eth_getBalance', account, 'latest')) as Hex);
    const query = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [account] });
    const tokens = hexToBigInt((await rpc.call('eth_call', { to: book.token, data: query }, 'pending')) as Hex);
    const payments: Payment[] = [];
    if (wei < FUNDED_WEI) payments.push({ to: account, value: FUNDED_WEI - wei, data: '0x' });
    if (tokens < FUNDED_TOKENS) {
      const data = encodeFunctionData({ abi: tokenAbi, functionName: 'mint', args: [account, FUNDED_TOKENS - tokens] });
      payments.push({ to: book.token, value: 0n, data });
    }
    if (payments.length > 0 && journal.countFunding(account) > MAX_FUNDINGS) {
      return { error: { code: -32_005, message: `${account} was funded ${MAX_FUNDINGS} times, which is the limit` } };
    }
    for (const payment of payments) {
      const answer = await maker.send(await signPayment({ rpc, treasury, book }, payment));
      if ('error' in answer) return answer;
    }
    return { result: { wei: toHex(max(wei, FUNDED_WEI)), tokens: toHex(max(tokens, FUNDED_TOKENS)) } };
  };

  return {
    fund(account) {
      const parsed = addressSchema.safeParse(account);
      if (!parsed.success) return Promise.resolve({ error: { code: -32_602, message: 'expected one address' } });
      return inOrder(() => fund(parsed.data));
    },
  };
}

async function signPayment(
  { rpc, treasury, book }: Pick<FaucetOptions, 'rpc' | 'treasury' | 'book'>,
  { to, value, data }: Payment,
): Promise<Hex> {
  const nonce = hexToNumber((await rpc.call('eth_getTransactionCount', treasury.address, 'latest')) as Hex);
  const price = hexToBigInt((await rpc.call('eth_gasPrice')) as Hex);
  return treasury.signTransaction({
    type: 'eip1559',
    chainId: book.chainId,
    to,
    value,
    data,
    nonce,
    gas: 200_000n,
    maxFeePerGas: price * 4n,
    maxPriorityFeePerGas: 1n,
  });
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function toHex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
