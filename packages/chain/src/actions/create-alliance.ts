import { BaseError } from '@skein/core';
import type { Address } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import { digestToBytes32 } from '../digest-bytes.ts';
import { ensure, type SendOptions } from '../ensure.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { JOIN_MODES } from '../statuses.ts';
import { approve } from './approve.ts';
import { type AllianceParams, findAlliance } from './read-alliance.ts';

/**
 * Creates an alliance for a plan and pays its pool into escrow; for a plan that the account made one for already, finds it.
 * @param allowList who may join, where the plan's join mode is `allow-list`
 * @returns the alliance's id
 * @throws BaseError as `ensure`; `chain/bad-parameters`, `chain/erc20-insufficient-balance`
 */
export async function createAlliance(
  chain: Chain,
  { params, allowList = [], signal }: { params: AllianceParams; allowList?: readonly Address[] } & SendOptions,
): Promise<bigint> {
  const creator = senderOf(chain).address;
  const find = () => findAlliance(chain, creator, params.planDigest);
  const known = await find();
  if (known !== undefined) return known;
  await approve(chain, { token: params.token, spender: chain.book.alliance, amount: params.pool, signal });
  await ensure(chain, {
    isDone: async () => (await find()) !== undefined,
    call: () => ({
      address: chain.book.alliance,
      abi: allianceAbi,
      functionName: 'create',
      args: [encodeParams(params), allowList],
    }),
    signal,
  });
  const id = await find();
  if (id !== undefined) return id;
  throw new BaseError('chain/rolled-back', `The chain has lost the alliance for plan ${params.planDigest} again.`, {
    info: { planDigest: params.planDigest },
    hints: ['Try again; the chain was restarted or reorganised at this very moment.'],
  });
}

function encodeParams(params: AllianceParams) {
  return {
    ...params,
    planDigest: digestToBytes32(params.planDigest),
    initialModel: digestToBytes32(params.initialModel),
    joinMode: JOIN_MODES.indexOf(params.joinMode),
    toleranceMicroNats: BigInt(params.toleranceMicroNats),
  };
}
