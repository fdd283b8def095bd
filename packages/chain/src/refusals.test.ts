import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWalletClient, getAddress, http, zeroAddress } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createAlliance,
  createChain,
  failRound,
  gasBalance,
  joinAlliance,
  publishModel,
  readAlliance,
  readPublishedModel,
  stake,
  startAlliance,
  tokenBalance,
} from './index.ts';
import { stakingAbi } from './generated/staking-abi.ts';
import { stakingBytecode } from './generated/staking-bytecode.ts';
import { type DevelopmentChain, startDevelopmentChain } from './node/index.ts';
import { baseModel, newParties, newParty, type Party, paramsOf } from './testing/parties.ts';

let directory = '';
let development: DevelopmentChain;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-life-'));
  development = await startDevelopmentChain({ directory, port: 0, unbondSeconds: 0 });
});

afterAll(async () => {
  await development.stop();
  await rm(directory, { recursive: true });
});

describe('what goes wrong', () => {
  it('has a code and one sentence', async () => {
    const [creator, member] = (await newParties(development, 2)) as [Party, Party];
    const alliance = await createAlliance(creator.chain, { params: paramsOf(development, 'faults') });
    await expect(joinAlliance(member.chain, { alliance })).rejects.toMatchObject({
      code: 'chain/insufficient-bond',
      message: expect.stringMatching(
        /^The contract refused join: the trainer bond of 0x\w+ has 0 free, 1\d+ needed\.$/,
      ),
    });
    await expect(startAlliance(creator.chain, { alliance })).rejects.toMatchObject({ code: 'chain/too-few-members' });
    await expect(failRound(creator.chain, { alliance, round: 1 })).rejects.toMatchObject({
      code: 'chain/wrong-round-status',
    });
    await expect(stake(member.chain, { role: 'trainer', amount: 10n ** 30n })).rejects.toMatchObject({
      code: 'chain/erc20-insufficient-balance',
    });
    const penniless = createChain({ ...development, account: privateKeyToAccount(generatePrivateKey()) });
    await expect(publishModel(penniless, { name: 'a', model: baseModel })).rejects.toMatchObject({
      code: 'chain/no-gas-money',
    });
  });

  it('names a silent node, another chain and a chain without contracts', async () => {
    const { rpcUrl, book } = development;
    const silent = createChain({ rpcUrl: 'http://127.0.0.1:9', book });
    await expect(readAlliance(silent, 1n)).rejects.toMatchObject({ code: 'chain/unreachable' });
    const elsewhere = createChain({ rpcUrl, book: { ...book, chainId: 1 } });
    await expect(readAlliance(elsewhere, 1n)).rejects.toMatchObject({ code: 'chain/wrong-chain' });
    const nowhere = createChain({ rpcUrl, book: { ...book, alliance: zeroAddress } });
    await expect(readAlliance(nowhere, 1n)).rejects.toMatchObject({ code: 'chain/not-deployed' });
    const token = createChain({ rpcUrl, book: { ...book, alliance: book.token } });
    await expect(readAlliance(token, 1n)).rejects.toMatchObject({ code: 'chain/not-deployed' });
  });

  it('sends no stake to a contract that the alliance’s doesn’t work with', async () => {
    const { rpcUrl, book } = development;
    const [victim, thief] = (await newParties(development, 2)) as [Party, Party];
    const wallet = createWalletClient({ account: thief.account, transport: http(rpcUrl) });
    const own = { abi: stakingAbi, bytecode: stakingBytecode, args: [book.token, thief.account.address] } as const;
    const hash = await wallet.deployContract({ ...own, chain: thief.chain.client.chain });
    const { contractAddress } = await thief.chain.client.waitForTransactionReceipt({ hash });
    const ofHub = { ...book, staking: getAddress(contractAddress!) };
    const misled = createChain({ rpcUrl, book: ofHub, account: victim.account, pollingIntervalMs: 10 });
    const before = await tokenBalance(victim.chain, victim.account.address);
    await expect(stake(misled, { role: 'trainer', amount: 1000n })).rejects.toMatchObject({
      code: 'chain/foreign-contracts',
      info: { name: 'staking', named: ofHub.staking, real: book.staking },
    });
    expect(await tokenBalance(victim.chain, victim.account.address)).toBe(before);
  });

  it('sends in order from one account, whoever else sends from it', async () => {
    const { chain, account } = await newParty(development);
    const twin = createChain({ ...development, account, pollingIntervalMs: 10 });
    const names = Array.from({ length: 6 }, (_, i) => `twin/${i}`);
    await Promise.all(names.map((name, i) => publishModel(i % 2 ? chain : twin, { name, model: baseModel })));
    for (const name of names) expect(await readPublishedModel(chain, name)).toMatchObject({ version: 1 });
    expect(await gasBalance(chain, account.address)).toBeGreaterThan(0n);
  });

  it('stops waiting when it is told to', async () => {
    const { chain } = await newParty(development);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(publishModel(chain, { name: 'never', model: baseModel, signal })).rejects.toThrow('enough');
    expect(await readPublishedModel(chain, 'never')).toBeUndefined();
  });
});
