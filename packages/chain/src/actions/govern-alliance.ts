import type { Address, Hex } from 'viem';
import type { Chain } from '../chain.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { read } from '../read.ts';
import { ensureAlliance } from './alliance-call.ts';
import { readAlliance } from './read-alliance.ts';

type OfAlliance<Rest = unknown> = { readonly alliance: bigint } & Rest & SendOptions;

/** Closes the forming of an alliance, so that rounds can be opened; by its creator. */
export function startAlliance(chain: Chain, { alliance, signal }: OfAlliance): Promise<Outcome> {
  const isDone = async () => !['none', 'forming'].includes(await statusOf(chain, alliance));
  return ensureAlliance(chain, { functionName: 'start', args: [alliance], isDone, signal });
}

/** Keeps new rounds from opening, or lets them again; by the creator. An open round runs to its end. */
export function setAlliancePaused(
  chain: Chain,
  { alliance, paused, signal }: OfAlliance<{ readonly paused: boolean }>,
): Promise<Outcome> {
  const isDone = async () => (await readAlliance(chain, alliance))?.paused === paused;
  return ensureAlliance(chain, { functionName: 'setPaused', args: [alliance, paused], isDone, signal });
}

/** Ends an alliance between rounds; by the creator, who is credited what rounds have not paid out. */
export function cancelAlliance(chain: Chain, { alliance, signal }: OfAlliance): Promise<Outcome> {
  const isDone = async () => (await statusOf(chain, alliance)) === 'cancelled';
  return ensureAlliance(chain, { functionName: 'cancel', args: [alliance], isDone, signal });
}

/** Puts accounts on the list of who may join, or takes them off; by the creator. */
export function setAllowed(
  chain: Chain,
  { alliance, accounts, allowed, signal }: OfAlliance<{ readonly accounts: readonly Address[]; allowed: boolean }>,
): Promise<Outcome> {
  const isDone = async () => {
    const known = await Promise.all(accounts.map((account) => ask(chain, 'isAllowed', [alliance, account])));
    return known.every((value) => value === allowed);
  };
  return ensureAlliance(chain, { functionName: 'setAllowed', args: [alliance, accounts, allowed], isDone, signal });
}

/** Makes an invitation void; by the creator. */
export function revokeInvitation(
  chain: Chain,
  { alliance, nonce, signal }: OfAlliance<{ readonly nonce: Hex }>,
): Promise<Outcome> {
  const isDone = () => ask(chain, 'isInvitationUsed', [alliance, nonce]);
  return ensureAlliance(chain, { functionName: 'revokeInvitation', args: [alliance, nonce], isDone, signal });
}

function ask(chain: Chain, functionName: 'isAllowed' | 'isInvitationUsed', args: readonly [bigint, Hex]) {
  return read(chain, { address: chain.book.alliance, abi: allianceAbi, functionName, args });
}

async function statusOf(chain: Chain, alliance: bigint): Promise<string> {
  return (await readAlliance(chain, alliance))?.status ?? 'none';
}
