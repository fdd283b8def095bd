import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChain, tokenBalance } from '@skein/chain';
import { type DevelopmentChain, startDevelopmentChain } from '@skein/chain/node';
import { initNode } from '@skein/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLocalDirectory, type LocalDirectory } from './local-directory.ts';
import { openAccount } from './open-account.ts';

let directory: string;
let local: LocalDirectory;
let chain: DevelopmentChain;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-accounts-'));
  local = await openLocalDirectory(directory);
  chain = await startDevelopmentChain({ directory: local.chain, port: 0 });
});
afterAll(async () => {
  await chain.stop();
  await rm(directory, { recursive: true });
});

it('gives money once, also to an account that a kill left without', async () => {
  const { rpcUrl, book } = chain;
  const url = 'http://127.0.0.1:1';
  const balance = (address: string) => tokenBalance(createChain({ rpcUrl, book }), address as `0x${string}`);
  // What is there when the program was killed after it had made the directory.
  const { address } = await initNode({
    directory: local.nodeDirectory('lake'),
    config: { hub: url, rpc: rpcUrl },
    makePassword: true,
    warn: () => undefined,
    scryptN: 1024,
  });
  expect(await balance(address)).toBe(0n);
  const account = { name: 'lake', url, rpcUrl, data: null };
  expect(await openAccount(local, account)).toBe(address);
  const funded = await balance(address);
  expect(funded).toBeGreaterThan(0n);
  expect(await openAccount(local, account)).toBe(address);
  expect(await balance(address)).toBe(funded);
});
