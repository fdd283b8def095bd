import type { Chain } from '../chain.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import { ensureAlliance } from './alliance-call.ts';
import { readAlliance } from './read-alliance.ts';
import { readRound } from './read-round.ts';

type OfRound = { readonly alliance: bigint; readonly round: number } & SendOptions;

/** Opens a round, counted from 1; anybody may. `already` also for a round that is over. */
export function openRound(chain: Chain, { alliance, round, signal }: OfRound): Promise<Outcome> {
  const isDone = async () => ((await readAlliance(chain, alliance))?.round ?? 0) >= round;
  return ensureAlliance(chain, { functionName: 'openRound', args: [alliance, round], isDone, signal });
}

/** Closes a round that got no candidate before its deadline; anybody may. `chain/too-early` before. */
export function failRound(chain: Chain, { alliance, round, signal }: OfRound): Promise<Outcome> {
  const isDone = async () => isClosed((await readRound(chain, alliance, round))?.status);
  return ensureAlliance(chain, { functionName: 'failRound', args: [alliance, round], isDone, signal });
}

export function isClosed(status: string | undefined): boolean {
  return status === 'accepted' || status === 'kept' || status === 'failed';
}
