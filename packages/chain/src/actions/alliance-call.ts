import type { Chain } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { stakingAbi } from '../generated/staking-abi.ts';
import { tokenAbi } from '../generated/token-abi.ts';

interface AllianceWish extends SendOptions {
  readonly functionName: string;
  readonly args: readonly unknown[];
  readonly isDone: () => Promise<boolean>;
}

/** Errors of the contracts that Alliance calls come through it as they are. */
const foreignErrors = [...stakingAbi, ...tokenAbi].filter(({ type }) => type === 'error');
const abi = [...allianceAbi, ...foreignErrors];

/** `ensure` for a function of the Alliance contract. */
export function ensureAlliance(chain: Chain, { functionName, args, isDone, signal }: AllianceWish): Promise<Outcome> {
  const call = () => ({ address: chain.book.alliance, abi, functionName, args });
  return ensure(chain, { isDone, call, signal });
}
