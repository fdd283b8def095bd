import type { KeeperAction, Message, MessageOf } from '@skein/alliance';
import { type Chain, failRound, finalizeRound, openRound, type Outcome, refuteSum } from '@skein/chain';
import type { Digest } from '@skein/core';
import type { Hex } from 'viem';

export interface KeeperCall {
  readonly alliance: string;
  readonly action: KeeperAction;
  /** Accepted messages of the round, for those actions that carry signatures. */
  readonly messages: readonly Message[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a transaction that anybody may send. Looks first whether it was done, so that it can be called as often as facts
 * ask for it: after a crash, beside another keeper, or on a chain that has lost it.
 * @throws BaseError `chain/…`
 */
export async function act(chain: Chain, call: KeeperCall): Promise<Outcome> {
  const { action, signal } = call;
  const place = { alliance: BigInt(call.alliance), round: action.round, signal };
  switch (action.kind) {
    case 'openRound':
      return await openRound(chain, place);
    case 'finalizeRound':
      return await finalizeRound(chain, place);
    case 'failRound':
      return await failRound(chain, place);
    case 'refuteSum': {
      const { attempt, replayed, signers } = action;
      const signatures = call.messages
        .filter((message): message is MessageOf<'round/replay/1'> => message.kind === 'round/replay/1')
        .filter((message) => message.attempt === attempt && message.body.replayed === replayed)
        .filter((message) => signers.includes(message.sender))
        .map((message) => message.signature as Hex);
      return await refuteSum(chain, { ...place, attempt, replayDigest: replayed as Digest, signatures });
    }
  }
}
