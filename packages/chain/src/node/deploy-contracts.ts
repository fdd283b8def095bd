import { readFile } from 'node:fs/promises';
import { BaseError } from '@skein/core';
import {
  type Address,
  encodeFunctionData,
  getAddress,
  type Hex,
  keccak256,
  type LocalAccount,
  zeroAddress,
} from 'viem';
import { type AddressBook, addressBookSchema } from '../address-book.ts';
import { type Chain, createChain } from '../chain.ts';
import { ensure } from '../ensure.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { allianceBytecode } from '../generated/alliance-bytecode.ts';
import { registryAbi } from '../generated/registry-abi.ts';
import { registryBytecode } from '../generated/registry-bytecode.ts';
import { rewardsAbi } from '../generated/rewards-abi.ts';
import { rewardsBytecode } from '../generated/rewards-bytecode.ts';
import { stakingAbi } from '../generated/staking-abi.ts';
import { stakingBytecode } from '../generated/staking-bytecode.ts';
import { tokenAbi } from '../generated/token-abi.ts';
import { tokenBytecode } from '../generated/token-bytecode.ts';
import { read } from '../read.ts';
import { createDeployer } from './deployer.ts';
import { openDeployment } from './deployment-file.ts';
import { writeDurably } from './write-durably.ts';

export interface DeployOptions {
  readonly rpcUrl: string;
  /** Pays, and governs Staking and Rewards afterwards. */
  readonly account: LocalAccount;
  /** Where the address book goes. Beside it, in `….progress`, stands what is done, so that a broken run can go on. */
  readonly bookFile: string;
  /** Refuses to deploy elsewhere; by default whatever chain the node is on. */
  readonly chainId?: number;
  /** Token of bonds; by default a development token is deployed. */
  readonly token?: Address;
  /** How long bonds stay slashable after they were asked back. */
  readonly unbondSeconds?: number;
  /** How long changes of Staking's parameters wait. */
  readonly parameterDelaySeconds?: number;
  /** How long a root of Rewards can be vetoed. */
  readonly rewardActivationSeconds?: number;
  readonly signal?: AbortSignal;
}

const day = 86_400;

/**
 * Deploys the contracts to any EVM chain, names Alliance as Staking's arbiter and writes the address book. Repeating it
 * goes on where it was interrupted, or finds everything done.
 * @throws BaseError `chain/unreachable`, `chain/wrong-chain`, `chain/other-contracts`, `chain/no-gas-money`
 */
export async function deployContracts(options: DeployOptions): Promise<AddressBook> {
  const { rpcUrl, account, bookFile, chainId, signal } = options;
  const deployer = await createDeployer({ rpcUrl, account, chainId, signal });
  const known = await readBook(bookFile);
  if (known !== undefined && known.chainId !== deployer.chainId)
    throw wrongChain(rpcUrl, deployer.chainId, known.chainId);
  const deployment = await openDeployment(`${bookFile}.progress`, deployer.chainId);
  const deploy = async (name: string, abi: readonly unknown[], bytecode: string, args: readonly unknown[] = []) =>
    deployer.deploy(deployment, { name, abi, bytecode: bytecode as Hex, args });
  const deployedAtBlock = await deployment.remember('block', async () => Number(await deployer.blockNumber()));

  const token = options.token ?? (await deploy('token', tokenAbi, tokenBytecode, [account.address]));
  const staking = await deploy('staking', stakingAbi, stakingBytecode, [token, account.address]);
  const alliance = await deploy('alliance', allianceAbi, allianceBytecode, [staking]);
  const activation = BigInt(options.rewardActivationSeconds ?? 2 * day);
  const rewards = await deploy('rewards', rewardsAbi, rewardsBytecode, [token, activation, account.address]);
  const registry = await deploy('registry', registryAbi, registryBytecode);
  const book = {
    chainId: deployer.chainId,
    token: getAddress(token),
    staking,
    alliance,
    rewards,
    registry,
    deployedAtBlock,
  };

  await configureStaking(createChain({ rpcUrl, book, account }), options);
  if (known === undefined) await writeDurably(bookFile, `${JSON.stringify(book, undefined, 2)}\n`);
  return book;
}

/** @returns undefined where there is none yet. @throws BaseError `chain/bad-address-book` */
export async function readBook(path: string): Promise<AddressBook | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return addressBookSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BaseError('chain/bad-address-book', `${path} is no address book of this version.`, {
      info: { path },
      hints: ['Ask for the file again where it came from.'],
      cause,
    });
  }
}

/** Names the arbiter and, last, raises the delay that all later changes wait for. */
async function configureStaking(chain: Chain, options: DeployOptions): Promise<void> {
  const ask = (functionName: 'unbondSeconds' | 'parameterDelaySeconds') =>
    read(chain, { address: chain.book.staking, abi: stakingAbi, functionName, args: [] as const });
  const isArbiter = (account: Address) =>
    read(chain, { address: chain.book.staking, abi: stakingAbi, functionName: 'isArbiter', args: [account] });
  await change(chain, {
    call: encodeFunctionData({ abi: stakingAbi, functionName: 'setArbiter', args: [chain.book.alliance, true] }),
    isDone: () => isArbiter(chain.book.alliance),
    signal: options.signal,
  });
  const { unbondSeconds = 7 * day, parameterDelaySeconds = 2 * day } = options;
  const governor = chain.account?.address ?? zeroAddress;
  await change(chain, {
    call: encodeFunctionData({
      abi: stakingAbi,
      functionName: 'setParameters',
      args: [unbondSeconds, parameterDelaySeconds, day, 3, governor],
    }),
    // Once there is a delay, the deployment is over, and the governor may have chosen other values since.
    isDone: async () =>
      (await ask('parameterDelaySeconds')) > 0 ||
      (parameterDelaySeconds === 0 && (await ask('unbondSeconds')) === unbondSeconds),
    signal: options.signal,
  });
}

interface Change {
  readonly call: Hex;
  readonly isDone: () => Promise<boolean>;
  readonly signal: AbortSignal | undefined;
}

async function change(chain: Chain, { call, isDone, signal }: Change): Promise<void> {
  const staking = { address: chain.book.staking, abi: stakingAbi, args: [call] };
  const id = { address: chain.book.staking, abi: stakingAbi } as const;
  const isScheduled = async () => {
    return (
      (await isDone()) || (await read(chain, { ...id, functionName: 'executableAt', args: [keccak256(call)] })) > 0n
    );
  };
  await ensure(chain, { isDone: isScheduled, call: () => ({ ...staking, functionName: 'schedule' }), signal });
  await ensure(chain, { isDone, call: () => ({ ...staking, functionName: 'execute' }), signal });
}

function wrongChain(rpcUrl: string, chainId: number, expected: number): BaseError {
  return new BaseError('chain/wrong-chain', `${rpcUrl} is on chain ${chainId}, not on ${expected}.`, {
    info: { rpcUrl, chainId, expected },
    hints: ['Use the RPC address of the right chain, or another address book.'],
  });
}
