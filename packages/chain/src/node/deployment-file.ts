import { readFile } from 'node:fs/promises';
import { BaseError, digestOfJson } from '@skein/core';
import { z } from 'zod';
import { allianceBytecode } from '../generated/alliance-bytecode.ts';
import { registryBytecode } from '../generated/registry-bytecode.ts';
import { rewardsBytecode } from '../generated/rewards-bytecode.ts';
import { stakingBytecode } from '../generated/staking-bytecode.ts';
import { tokenBytecode } from '../generated/token-bytecode.ts';
import { writeDurably } from './write-durably.ts';

/** Names our version of the contracts by what is deployed, so that a change of comments or settings is none. */
const contracts = digestOfJson([tokenBytecode, stakingBytecode, allianceBytecode, rewardsBytecode, registryBytecode]);

const valueSchema = z.union([z.string(), z.number()]);
const fileSchema = z.strictObject({
  chainId: z.int(),
  contracts: z.string(),
  done: z.record(z.string(), valueSchema),
});

/** What a deployment has done so far, on disk. */
export interface Deployment {
  get(name: string): string | number | undefined;
  set(name: string, value: string | number): Promise<void>;
  /** What is known under a name, or what `find` finds, from then on. */
  remember<Value extends string | number>(name: string, find: () => Promise<Value>): Promise<Value>;
}

/** @throws BaseError `chain/wrong-chain`, `chain/other-contracts`, `chain/bad-deployment` */
export async function openDeployment(path: string, chainId: number): Promise<Deployment> {
  const known = await readDeployment(path);
  if (known !== undefined && known.chainId !== chainId) {
    throw new BaseError(
      'chain/wrong-chain',
      `The deployment of ${path} is on chain ${known.chainId}, not ${chainId}.`,
      {
        info: { path, chainId, expected: known.chainId },
        hints: ['Use the RPC address of the right chain, or another address book.'],
      },
    );
  }
  if (known !== undefined && known.contracts !== contracts) {
    throw new BaseError('chain/other-contracts', `The deployment of ${path} is of another version of the contracts.`, {
      info: { path, deployed: known.contracts, ours: contracts },
      hints: ['Use the program that deployed them, or deploy anew with another address book.'],
    });
  }
  const done: Record<string, string | number> = { ...known?.done };
  const set = async (name: string, value: string | number): Promise<void> => {
    done[name] = value;
    await writeDurably(path, `${JSON.stringify({ chainId, contracts, done }, undefined, 2)}\n`);
  };
  return {
    get: (name) => done[name],
    set,
    async remember<Value extends string | number>(name: string, find: () => Promise<Value>): Promise<Value> {
      if (done[name] === undefined) await set(name, await find());
      return done[name] as Value;
    },
  };
}

async function readDeployment(path: string): Promise<z.infer<typeof fileSchema> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BaseError('chain/bad-deployment', `${path} is no record of a deployment.`, { info: { path }, cause });
  }
}
