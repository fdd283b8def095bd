import { type ChainRound, digestOfPlan, type Phase, type RoundView } from '@skein/alliance';
import { BaseError } from '@skein/core';
import type { ChainAlliance } from '../chain/chain-port.ts';
import type { AllianceContext } from './alliance-context.ts';

/** What the contract says of an alliance and of the round that was opened last. */
export interface ChainLook {
  readonly alliance: ChainAlliance;
  /** Null before the first round. */
  readonly chain: ChainRound | null;
}

/** While members talk among themselves, the contract waits for a candidate and says nothing new. */
const QUIET: readonly Phase[] = ['keys', 'shares', 'upload', 'survivors', 'unmask'];

/**
 * Reads the chain. In a quiet phase that goes on, what was read in it less than `keepMs` ago still holds: each message of
 * a member would otherwise cost everybody a handful of calls.
 */
export function createChainLook(
  context: AllianceContext,
  keepMs: number,
): (view: RoundView | null) => Promise<ChainLook> {
  let last: { readonly place: string; readonly untilMs: number; readonly look: ChainLook } | undefined;
  return async (view) => {
    const place = view === null ? '' : `${view.round}/${view.attempt}/${view.phase}`;
    const isQuiet = view !== null && QUIET.includes(view.phase);
    if (isQuiet && last?.place === place && performance.now() < last.untilMs) return last.look;
    const alliance = await readAlliance(context);
    const look = { alliance, chain: alliance.round === 0 ? null : await context.chain.round(alliance) };
    last = { place, untilMs: performance.now() + keepMs, look };
    return look;
  };
}

async function readAlliance({ chain, membership }: AllianceContext): Promise<ChainAlliance> {
  const alliance = await chain.alliance();
  if (alliance.planDigest === membership.planDigest && digestOfPlan(membership.plan) === membership.planDigest) {
    return alliance;
  }
  const message = `Alliance ${membership.alliance} on the chain has another plan than the one that was agreed to.`;
  throw new BaseError('node/other-plan', message, {
    info: { agreed: membership.planDigest, onChain: alliance.planDigest },
    hints: ['Is the RPC address of another chain? Compare chain id and contract with the invitation.'],
  });
}
