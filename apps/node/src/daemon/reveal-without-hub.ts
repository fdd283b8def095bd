import { type ChainRound, revealEffects } from '@skein/alliance';
import { performMember } from './perform-member.ts';
import type { RoundWork } from './round-work.ts';

/**
 * Opens a committed vote that is not opened when half of the time for it is over by this machine's own clock: the hub is
 * away, speaks of something else, or tells a wrong time, and the contract takes part of the bond from who stays silent.
 */
export async function revealWithoutHub(
  work: RoundWork | undefined,
  chain: ChainRound | null,
  signal: AbortSignal,
): Promise<void> {
  if (work === undefined || chain === null || chain.revealDeadline === null) return;
  const now = Math.floor(Date.now() / 1000);
  if (now < (chain.deadline + chain.revealDeadline) / 2) return;
  const self = work.context.membership.address;
  for (const effect of revealEffects(work.folder.member, { chain, self, now })) {
    await performMember(work, effect, signal);
  }
}
