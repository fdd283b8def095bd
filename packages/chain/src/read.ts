import type { Abi, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from 'viem';
import type { Address } from 'viem';
import type { Chain } from './chain.ts';
import { contractError } from './contract-error.ts';

type View = 'view' | 'pure';

interface ReadCall<A extends Abi, Name extends ContractFunctionName<A, View>, Args> {
  readonly address: Address;
  readonly abi: A;
  readonly functionName: Name;
  readonly args: Args;
}

/** Calls a view of a contract. @throws BaseError `chain/unreachable`, `chain/wrong-chain`, `chain/not-deployed` */
export async function read<
  const A extends Abi,
  Name extends ContractFunctionName<A, View>,
  const Args extends ContractFunctionArgs<A, View, Name>,
>(chain: Chain, call: ReadCall<A, Name, Args>): Promise<ContractFunctionReturnType<A, View, Name, Args>> {
  await chain.verify();
  try {
    return (await chain.client.readContract(call as never)) as ContractFunctionReturnType<A, View, Name, Args>;
  } catch (error) {
    throw contractError(chain, call.functionName, error);
  }
}
