import type { Hex } from 'viem';
import { type AllianceMessage, recoverMessageSigner } from '../alliance-message.ts';
import type { Chain } from '../chain.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import { ensureAlliance } from './alliance-call.ts';
import { readMembers } from './read-members.ts';

export interface SignedMessage {
  readonly message: AllianceMessage;
  readonly signature: Hex;
}

/**
 * Reports a member that signed two different messages of one kind in one attempt of a round: it is slashed and removed.
 * Anybody may. @throws BaseError as `ensure`; `chain/not-equivocation`
 */
export function reportEquivocation(
  chain: Chain,
  { first, second, signal }: { readonly first: SignedMessage; readonly second: SignedMessage } & SendOptions,
): Promise<Outcome> {
  return ensureAlliance(chain, {
    functionName: 'reportEquivocation',
    args: [first.message, first.signature, second.message, second.signature],
    isDone: async () => {
      const culprit = await recoverMessageSigner(chain.book, first.message, first.signature);
      const members = await readMembers(chain, first.message.alliance);
      return members.some(({ account, state }) => account === culprit && state === 'removed');
    },
    signal,
  });
}
