import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestClient, http } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stakingAbi } from '../generated/staking-abi.ts';
import { newParty } from '../testing/parties.ts';
import { deployContracts, readBook } from './deploy-contracts.ts';
import { startAnvil } from './anvil-process.ts';
import { type DevelopmentChain, startDevelopmentChain } from './development-chain.ts';

let directory = '';
let development: DevelopmentChain;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-deploy-'));
  development = await startDevelopmentChain({ directory, port: 0 });
});

afterAll(async () => {
  await development.stop();
  await rm(directory, { recursive: true });
});

async function readProgress(file: string): Promise<{ readonly done: Record<string, unknown> }> {
  return JSON.parse(await readFile(file, 'utf8').catch(() => '{"done":{}}')) as { done: Record<string, unknown> };
}

describe('deployContracts', () => {
  it('goes on where it was broken off, deploys nothing twice and finds everything done', async () => {
    const { account, chain } = await newParty(development);
    const { rpcUrl } = development;
    const deploy = (signal?: AbortSignal) =>
      deployContracts({ rpcUrl, account, bookFile: join(directory, 'own.json'), ...(signal && { signal }) });
    const book = await deploy();
    const sent = () => chain.client.getTransactionCount({ address: account.address });
    const count = await sent();
    expect(await deploy()).toEqual(book);
    expect(await sent()).toBe(count);

    // As if it had been killed after recording the second contract and before sending it.
    const progressFile = join(directory, 'own.json.progress');
    const progress = JSON.parse(await readFile(progressFile, 'utf8')) as { done: Record<string, unknown> };
    const { block, token } = progress.done;
    progress.done = { block, token, staking: '0x00000000000000000000000000000000000000AA' };
    await writeFile(progressFile, JSON.stringify(progress));
    await rm(join(directory, 'own.json'));
    const again = await deploy();
    expect(again.token).toBe(book.token);
    expect(again.staking).not.toBe(book.staking);
    const arbiter = {
      address: again.staking,
      abi: stakingAbi,
      functionName: 'isArbiter',
      args: [again.alliance],
    } as const;
    expect(await chain.client.readContract(arbiter)).toBe(true);
    expect(await readBook(join(directory, 'own.json'))).toEqual(again);
  });

  it('goes on with the right chain after it was pointed at another one, with another id', async () => {
    const { account } = await newParty(development);
    const other = await startAnvil(['--chain-id', '4242']);
    try {
      const bookFile = join(directory, 'elsewhere.json');
      const onOther = { rpcUrl: other.url, account, bookFile };
      // Nothing was sent, and the account's name and money are told.
      await expect(deployContracts(onOther)).rejects.toMatchObject({
        code: 'chain/no-gas-money',
        message: expect.stringMatching(`^${account.address} can't pay for the gas of deploying token: it has 0 of`),
      });
      const client = createTestClient({ mode: 'anvil', transport: http(other.url) });
      await client.setBalance({ address: account.address, value: 10n ** 19n });
      // Broken off after two contracts, as a kill would.
      const stop = new AbortController();
      const progress = async () => Object.keys((await readProgress(`${bookFile}.progress`)).done);
      const broken = deployContracts({ ...onOther, signal: stop.signal }).catch((error: unknown) => error);
      while (!(await progress()).includes('staking')) await new Promise(setImmediate);
      stop.abort(new Error('killed'));
      await broken;
      const { done } = await readProgress(`${bookFile}.progress`);
      await expect(deployContracts({ rpcUrl: development.rpcUrl, account, bookFile })).rejects.toMatchObject({
        code: 'chain/wrong-chain',
      });
      const book = await deployContracts(onOther);
      expect(book).toMatchObject({ chainId: 4242, token: done['token'] });
      expect(await deployContracts(onOther)).toEqual(book);
    } finally {
      await other.kill();
    }
  });

  it('refuses another chain, other contracts and a broken address book', async () => {
    const { account } = await newParty(development);
    const { rpcUrl } = development;
    const bookFile = join(directory, 'other.json');
    await expect(deployContracts({ rpcUrl, account, bookFile, chainId: 1 })).rejects.toMatchObject({
      code: 'chain/wrong-chain',
    });
    await writeFile(`${bookFile}.progress`, JSON.stringify({ chainId: 31_337, contracts: 'older', done: {} }));
    await expect(deployContracts({ rpcUrl, account, bookFile })).rejects.toMatchObject({
      code: 'chain/other-contracts',
    });
    await writeFile(bookFile, '{}');
    await expect(deployContracts({ rpcUrl, account, bookFile })).rejects.toMatchObject({
      code: 'chain/bad-address-book',
    });
  });
});
