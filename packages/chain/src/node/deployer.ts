import { setTimeout as sleep } from 'node:timers/promises';
import { BaseError } from '@skein/core';
import {
  type Abi,
  type Address,
  createPublicClient,
  encodeDeployData,
  formatEther,
  getContractAddress,
  type Hex,
  http,
  isAddress,
  type LocalAccount,
  type PublicClient,
} from 'viem';
import { unreachableError } from '../unreachable-error.ts';
import type { Deployment } from './deployment-file.ts';

interface ContractToDeploy {
  readonly name: string;
  readonly abi: readonly unknown[];
  readonly bytecode: Hex;
  readonly args: readonly unknown[];
}

export interface Deployer {
  readonly chainId: number;
  blockNumber(): Promise<bigint>;
  /** Deploys a contract, unless the record says that it is there and the chain agrees. */
  deploy(deployment: Deployment, contract: ContractToDeploy): Promise<Address>;
}

interface DeployerOptions {
  readonly rpcUrl: string;
  readonly account: LocalAccount;
  readonly chainId: number | undefined;
  readonly signal: AbortSignal | undefined;
}

const pollingIntervalMs = 100;
const minedTimeoutMs = 300_000;

/** @throws BaseError `chain/unreachable`, `chain/wrong-chain` */
export async function createDeployer({ rpcUrl, account, chainId, signal }: DeployerOptions): Promise<Deployer> {
  const client = createPublicClient({ transport: http(rpcUrl, { retryCount: 2 }), cacheTime: 0 });
  const actual = await client.getChainId().catch((cause: unknown) => {
    throw unreachableError(rpcUrl, cause);
  });
  if (chainId !== undefined && actual !== chainId) {
    throw new BaseError('chain/wrong-chain', `${rpcUrl} is on chain ${actual}, not on ${chainId}.`, {
      info: { rpcUrl, chainId: actual, expected: chainId },
      hints: ['Use the RPC address of the right chain.'],
    });
  }
  return {
    chainId: actual,
    blockNumber: () => client.getBlockNumber(),
    async deploy(deployment, { name, abi, bytecode, args }) {
      const known = deployment.get(name);
      if (typeof known === 'string' && isAddress(known) && (await hasCode(client, known))) return known;
      const nonce = await client.getTransactionCount({ address: account.address, blockTag: 'pending' });
      // The address follows from account and nonce: it is on record before anything can be there.
      const address = getContractAddress({ from: account.address, nonce: BigInt(nonce) });
      await deployment.set(name, address);
      const data = encodeDeployData({ abi: abi as Abi, bytecode, args });
      await send(client, { account, chainId: actual, nonce, data, name });
      await waitForCode(client, address, signal);
      return address;
    },
  };
}

async function send(
  client: PublicClient,
  {
    account,
    chainId,
    nonce,
    data,
    name,
  }: { account: LocalAccount; chainId: number; nonce: number; data: Hex; name: string },
): Promise<void> {
  try {
    const [estimate, fees] = await Promise.all([
      client.estimateGas({ account: account.address, data }),
      client.estimateFeesPerGas(),
    ]);
    const gas = (estimate * 12n) / 10n;
    const serializedTransaction = await account.signTransaction({
      chainId,
      type: 'eip1559',
      data,
      nonce,
      gas,
      ...fees,
    });
    await client.sendRawTransaction({ serializedTransaction });
  } catch (cause) {
    if (/insufficient funds/i.test((cause as Error).message)) throw await noGasMoney(client, { account, name, cause });
    const reason = String((cause as { shortMessage?: string }).shortMessage ?? cause).split('\n')[0];
    throw new BaseError('chain/deployment-failed', `The contract ${name} could not be deployed: ${reason}`, {
      info: { name, account: account.address },
      hints: ['See that the account has money for gas, then repeat: what is deployed stays.'],
      cause,
    });
  }
}

async function noGasMoney(
  client: PublicClient,
  { account, name, cause }: { account: LocalAccount; name: string; cause: unknown },
): Promise<BaseError> {
  const { address } = account;
  const balance = await client.getBalance({ address }).catch(() => undefined);
  const has = balance === undefined ? '' : `: it has ${formatEther(balance)} of the chain's own currency`;
  return new BaseError('chain/no-gas-money', `${address} can't pay for the gas of deploying ${name}${has}.`, {
    info: { account: address, call: `deploying ${name}` },
    hints: ["Send some of the chain's own currency to this account, then repeat: what is deployed stays."],
    cause,
  });
}

async function hasCode(client: PublicClient, address: Address): Promise<boolean> {
  return (await client.getCode({ address })) !== undefined;
}

async function waitForCode(client: PublicClient, address: Address, signal: AbortSignal | undefined): Promise<void> {
  const deadlineMs = performance.now() + minedTimeoutMs;
  while (!(await hasCode(client, address))) {
    if (performance.now() > deadlineMs) {
      throw new BaseError('chain/not-mined', `The contract at ${address} was not mined in time.`, {
        info: { address },
        hints: ['Repeat the deployment: it goes on from here.'],
      });
    }
    await sleep(pollingIntervalMs, undefined, { signal });
  }
}
