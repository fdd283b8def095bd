import type { Chain } from '../chain.ts';
import { ensure, type Outcome, type SendOptions } from '../ensure.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';

interface AllianceWish extends SendOptions {
  readonly functionName: string;
  readonly args: readonly unknown[];
  readonly isDone: () => Promise<boolean>;
}

/** `ensure` for a function of the Alliance contract. */
export function ensureAlliance(chain: Chain, { functionName, args, isDone, signal }: AllianceWish): Promise<Outcome> {
  const call = () => ({ address: chain.book.alliance, abi: allianceAbi, functionName, args });
  return ensure(chain, { isDone, call, signal });
}
