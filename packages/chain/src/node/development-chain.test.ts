import { once } from 'node:events';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Address, createPublicClient, type Hash, http, parseGwei } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterEach, describe, expect, it } from 'vitest';
import { createChain } from '../chain.ts';
import { tokenBalance } from '../actions/token.ts';
import { readBook } from './deploy-contracts.ts';
import { startDevelopmentChain } from './development-chain.ts';
import { FUNDED_TOKENS, FUNDED_WEI, MAX_FUNDINGS } from './limits.ts';

const directories: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'skein-chain-'));
  directories.push(directory);
  return directory;
}

async function startProcess(directory: string): Promise<{ child: ChildProcess; rpcUrl: string }> {
  const file = join(import.meta.dirname, 'chain-process.ts');
  const child = spawn(process.execPath, [file, '--directory', directory, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const [line] = (await once(lines, 'line')) as [string];
  const { ready, rpcUrl } = JSON.parse(line) as { ready: boolean; rpcUrl: string };
  expect(ready).toBe(true);
  return { child, rpcUrl };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  child.kill(signal);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

async function ask(
  rpcUrl: string,
  method: string,
  ...params: unknown[]
): Promise<{ result?: unknown; error?: { message: string } }> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await fetch(rpcUrl, { method: 'POST', body });
  return (await response.json()) as { result?: unknown; error?: { message: string } };
}

const receiver = '0x00000000000000000000000000000000000000aa' as const;

/** Sends payments until the chain is gone. Only what the chain has acknowledged is returned. */
async function sendUntilGone(rpcUrl: string, onEach: (count: number) => void): Promise<Hash[]> {
  const account = privateKeyToAccount(generatePrivateKey());
  await ask(rpcUrl, 'skein_fund', account.address);
  const acknowledged: Hash[] = [];
  for (let nonce = 0; ; nonce++) {
    const raw = await account.signTransaction({
      type: 'eip1559',
      chainId: 31_337,
      to: receiver,
      value: 1n,
      nonce,
      gas: 21_000n,
      maxFeePerGas: parseGwei('10'),
      maxPriorityFeePerGas: 1n,
    });
    try {
      const answer = await ask(rpcUrl, 'eth_sendRawTransaction', raw);
      expect(answer.error).toBeUndefined();
      acknowledged.push(answer.result as Hash);
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) return acknowledged;
      throw error;
    }
    onEach(nonce);
  }
}

function clientOf(rpcUrl: string) {
  return createPublicClient({ transport: http(rpcUrl, { retryCount: 0 }), cacheTime: 0 });
}

describe('the embedded chain', () => {
  it('loses no acknowledged transaction when it is killed, and makes the same blocks again', async () => {
    const directory = await newDirectory();
    const seen = new Map<Hash, Hash>();
    for (const after of [5, 23]) {
      const { child, rpcUrl } = await startProcess(directory);
      const client = clientOf(rpcUrl);
      for (const [hash, blockHash] of seen) {
        const receipt = await client.getTransactionReceipt({ hash });
        expect(receipt).toMatchObject({ status: 'success', blockHash });
      }
      const acknowledged = await sendUntilGone(rpcUrl, (count) => {
        if (count === after) child.kill('SIGKILL');
      });
      expect(acknowledged.length).toBeGreaterThan(after);
      const again = await startProcess(directory);
      for (const hash of acknowledged) {
        const receipt = await clientOf(again.rpcUrl).getTransactionReceipt({ hash });
        expect(receipt.status).toBe('success');
        seen.set(hash, receipt.blockHash);
      }
      const balance = await clientOf(again.rpcUrl).getBalance({ address: receiver });
      // The last payment of each run may have passed without our hearing of it.
      expect(Number(balance)).toBeGreaterThanOrEqual(seen.size);
      expect(Number(balance)).toBeLessThanOrEqual(seen.size + 2);
      await kill(again.child);
    }
  });

  it('goes on from an older copy of the state, or from genesis, when copies are damaged', async () => {
    const directory = await newDirectory();
    const dumps = async () => (await readdir(directory)).filter((name) => name.endsWith('.json.gz')).toSorted();
    let tip = { number: 0n, hash: '0x' as Hash };
    for (let run = 0; run < 5; run++) {
      const chain = await startDevelopmentChain({ directory, port: 0 });
      if (run > 0) expect(await clientOf(chain.rpcUrl).getBlock({ blockNumber: tip.number })).toMatchObject(tip);
      await ask(chain.rpcUrl, 'skein_fund', privateKeyToAccount(generatePrivateKey()).address);
      const { number, hash } = await clientOf(chain.rpcUrl).getBlock();
      tip = { number, hash };
      await chain.stop();
    }
    const names = await dumps();
    expect(names).toHaveLength(3);
    // The journal is replayed on a loaded state whose last block is long past for anvil's clock.
    await truncate(join(directory, names[2] ?? ''), 100);
    let chain = await startDevelopmentChain({ directory, port: 0 });
    expect(await clientOf(chain.rpcUrl).getBlock()).toMatchObject(tip);
    await chain.stop();
    for (const name of await dumps()) await writeFile(join(directory, name), 'damaged');
    chain = await startDevelopmentChain({ directory, port: 0 });
    expect(await clientOf(chain.rpcUrl).getBlock()).toMatchObject(tip);
    await chain.stop();
  });

  it('keeps others out of its directory and its key, and refuses what is not on the list', async () => {
    const directory = await newDirectory();
    const chain = await startDevelopmentChain({ directory, port: 0 });
    try {
      await expect(startDevelopmentChain({ directory, port: 0 })).rejects.toMatchObject({
        code: 'chain/directory-in-use',
      });
      const other = await newDirectory();
      const port = Number(new URL(chain.rpcUrl).port);
      await expect(startDevelopmentChain({ directory: other, port })).rejects.toMatchObject({
        code: 'chain/port-in-use',
      });
      expect((await stat(join(directory, 'treasury.key'))).mode & 0o777).toBe(0o600);
      for (const method of [
        'anvil_setBalance',
        'evm_increaseTime',
        'debug_traceTransaction',
        'eth_sendTransaction',
        'toString',
      ]) {
        expect((await ask(chain.rpcUrl, method, receiver, '0x1')).error?.message).toMatch(/not available/);
      }
      const large = await fetch(chain.rpcUrl, { method: 'POST', body: 'x'.repeat(2 * 1024 * 1024) }).catch(
        () => undefined,
      );
      expect(large?.status ?? 413).toBe(413);
      expect((await ask(chain.rpcUrl, 'eth_chainId')).result).toBe('0x7a69');
    } finally {
      await chain.stop();
    }
  });

  it('funds an address, up to a limit', async () => {
    const directory = await newDirectory();
    const chain = await startDevelopmentChain({ directory, port: 0 });
    try {
      const account = privateKeyToAccount(generatePrivateKey());
      expect((await ask(chain.rpcUrl, 'skein_fund', account.address)).error).toBeUndefined();
      const reader = createChain({ rpcUrl: chain.rpcUrl, book: chain.book });
      expect(await tokenBalance(reader, account.address)).toBe(FUNDED_TOKENS);
      expect(await reader.client.getBalance({ address: account.address })).toBe(FUNDED_WEI);
      const spend = async (nonce: number): Promise<Address> => {
        const fee = { maxFeePerGas: parseGwei('10'), maxPriorityFeePerGas: 1n, gas: 21_000n };
        const raw = await account.signTransaction({
          type: 'eip1559',
          chainId: 31_337,
          to: receiver,
          value: 1n,
          nonce,
          ...fee,
        });
        return (await ask(chain.rpcUrl, 'eth_sendRawTransaction', raw)).result as Address;
      };
      for (let funding = 2; funding <= MAX_FUNDINGS; funding++) {
        await spend(funding - 2);
        expect((await ask(chain.rpcUrl, 'skein_fund', account.address)).error).toBeUndefined();
      }
      await spend(MAX_FUNDINGS - 1);
      expect((await ask(chain.rpcUrl, 'skein_fund', account.address)).error?.message).toMatch(/limit/);
      expect((await ask(chain.rpcUrl, 'skein_fund', 'nobody')).error?.message).toMatch(/address/);
    } finally {
      await chain.stop();
    }
  });

  it('makes calls in the present, also after a restart', async () => {
    const directory = await newDirectory();
    for (let run = 0; run < 2; run++) {
      const chain = await startDevelopmentChain({ directory, port: 0 });
      const before = Math.floor(Date.now() / 1000);
      // TIMESTAMP, returned.
      const call = await ask(chain.rpcUrl, 'eth_call', { data: '0x425f5260205ff3' }, 'latest');
      expect(Number(call.result)).toBeGreaterThanOrEqual(before - 1);
      expect(Number(call.result)).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + 1);
      await chain.stop();
    }
  });

  it('ends with 0 on SIGTERM, and leaves a copy of its state and an address book', async () => {
    const directory = await newDirectory();
    const { child } = await startProcess(directory);
    expect(await kill(child, 'SIGTERM')).toBe(0);
    expect((await readdir(directory)).some((name) => name.endsWith('.json.gz'))).toBe(true);
    expect(await readBook(join(directory, 'address-book.json'))).toBeDefined();
    expect(JSON.parse(await readFile(join(directory, 'genesis.json'), 'utf8'))).toBeDefined();
  });
});
