import type { Plan } from '@skein/alliance';
import { type Chain, type Invitation, type InvitationVerdict, verifyInvitation } from '@skein/chain';
import { BaseError } from '@skein/core';

const FAULTS: Readonly<Record<Exclude<InvitationVerdict, 'good'>, string>> = {
  'not-from-creator': 'the creator of the alliance didn’t sign it for this alliance',
  'for-somebody-else': 'it is for another account',
  expired: 'its time is over',
};

/**
 * Whether the plan lets this account in with what it brings; the contract says the same, but less plainly.
 * @throws BaseError `node/no-invitation`, `node/bad-invitation`
 */
export async function assertInvited(
  chain: Chain,
  plan: Plan,
  { invitation, creator }: { readonly invitation: Invitation | undefined; readonly creator: string },
): Promise<void> {
  if (plan.join !== 'invitation') return;
  if (invitation === undefined) {
    throw new BaseError('node/no-invitation', `"${plan.name}" can only be joined with an invitation of its creator.`, {
      info: { creator },
      hints: ['Ask the creator for an invitation file for your account.'],
    });
  }
  const nowSeconds = Math.floor(Date.now() / 1000);
  const who = { creator: creator as `0x${string}`, invitee: chain.account!.address, nowSeconds };
  const verdict = await verifyInvitation(chain.book, invitation, who);
  if (verdict === 'good') return;
  throw new BaseError('node/bad-invitation', `The invitation is no good: ${FAULTS[verdict]}.`, {
    info: { verdict },
    hints: ['Ask the creator for another one.'],
  });
}
