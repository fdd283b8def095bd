import { BaseError } from '@skein/core';
import {
  BaseError as ViemError,
  ContractFunctionRevertedError,
  decodeErrorResult,
  HttpRequestError,
  TimeoutError,
} from 'viem';
import { type Chain } from './chain.ts';
import { describeContractError } from './describe-contract-error.ts';
import { allianceAbi } from './generated/alliance-abi.ts';
import { registryAbi } from './generated/registry-abi.ts';
import { rewardsAbi } from './generated/rewards-abi.ts';
import { stakingAbi } from './generated/staking-abi.ts';
import { tokenAbi } from './generated/token-abi.ts';
import { unreachableError } from './unreachable-error.ts';

/**
 * What went wrong with a call, in one sentence: a contract's custom error `WrongRound` becomes `chain/wrong-round`, a
 * silent node `chain/unreachable`.
 */
export function contractError(chain: Chain, call: string, error: unknown): BaseError {
  if (error instanceof BaseError) return error;
  if (!(error instanceof ViemError)) return unexpectedError(call, error);
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (reverted instanceof ContractFunctionRevertedError) return revertError(call, reverted, error);
  // viem knows this error by its words too, but looks at the code first, which nodes use for other things.
  if (/insufficient funds/i.test(error.message)) {
    return new BaseError('chain/no-gas-money', `${chain.account?.address} can't pay for the gas of ${call}.`, {
      info: { account: chain.account?.address, call },
      hints: ["Send some of the chain's own currency to this account; on a development chain use `skein_fund`."],
      cause: error,
    });
  }
  const silent = error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError);
  return silent === null ? unexpectedError(call, error) : unreachableError(chain.rpcUrl, error);
}

/** A contract may hand on the error of another that it called. */
const everyError = [...allianceAbi, ...stakingAbi, ...rewardsAbi, ...registryAbi, ...tokenAbi].filter(
  (entry) => entry.type === 'error',
);

function decodeRevert({
  data,
  raw,
}: ContractFunctionRevertedError): { name: string; args: readonly unknown[] } | undefined {
  if (data !== undefined) return { name: data.errorName, args: data.args ?? [] };
  try {
    const { errorName, args } = decodeErrorResult({ abi: everyError, data: raw ?? '0x' });
    return { name: errorName, args };
  } catch {
    return undefined;
  }
}

function revertError(call: string, reverted: ContractFunctionRevertedError, cause: unknown): BaseError {
  const { name, args = [] } = decodeRevert(reverted) ?? {};
  if (name === undefined) {
    const reason = reverted.reason ?? reverted.signature ?? 'no reason given';
    return new BaseError('chain/refused', `The contract refused ${call}: ${reason}.`, { info: { call }, cause });
  }
  const code = `chain/${codeOf(name)}`;
  const sentence = describeContractError(name, args) ?? `${name}(${args.map(String).join(', ')})`;
  return new BaseError(code, `The contract refused ${call}: ${sentence}.`, { info: { call, name, args }, cause });
}

/** Errors of the library below the contracts, whose names say little to whoever called. */
const CODES: Readonly<Record<string, string>> = {
  AccessControlUnauthorizedAccount: 'not-authorized',
  ECDSAInvalidSignature: 'bad-signature',
  ECDSAInvalidSignatureLength: 'bad-signature',
  ECDSAInvalidSignatureS: 'bad-signature',
  SafeERC20FailedOperation: 'token-refused',
};

/** `WrongRound` becomes `wrong-round`; capitals in a row stay together. */
function codeOf(name: string): string {
  const known = Object.hasOwn(CODES, name) ? CODES[name] : undefined;
  if (known !== undefined) return known;
  return name
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])/g, '-')
    .toLowerCase()
    .replace(/^erc-?(\d+)-?/, 'erc$1-');
}

function unexpectedError(call: string, cause: unknown): BaseError {
  const first = cause instanceof ViemError ? cause.shortMessage : String(cause).split('\n')[0];
  return new BaseError('chain/call-failed', `${call} failed: ${first}`, { info: { call }, cause });
}
