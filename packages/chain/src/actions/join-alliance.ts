import { zeroAddress, zeroHash } from 'viem';
import { type Chain, senderOf } from '../chain.ts';
import type { Outcome, SendOptions } from '../ensure.ts';
import type { Invitation } from '../invitation.ts';
import { ensureAlliance } from './alliance-call.ts';
import { readMembers } from './read-members.ts';

const noInvitation = { invitee: zeroAddress, nonce: zeroHash, expiry: 0n, signature: '0x' } as const;

/**
 * Makes the account a member; its bond is locked. During a round it becomes a member of the rounds after.
 * @param invitation needed where the plan's join mode is `invitation`
 * @throws BaseError as `ensure`; `chain/insufficient-bond`, `chain/bad-invitation`, `chain/not-allowed` …
 */
export function joinAlliance(
  chain: Chain,
  { alliance, invitation, signal }: { alliance: bigint; invitation?: Invitation | undefined } & SendOptions,
): Promise<Outcome> {
  return ensureAlliance(chain, {
    functionName: 'join',
    args: [alliance, invitation === undefined ? noInvitation : { ...invitation, expiry: BigInt(invitation.expiry) }],
    isDone: () => isMember(chain, alliance),
    signal,
  });
}

/** Ends the account's membership and frees its bond; refused while a round is open (`chain/round-in-progress`). */
export function leaveAlliance(
  chain: Chain,
  { alliance, signal }: { alliance: bigint } & SendOptions,
): Promise<Outcome> {
  const isDone = async () => !(await isMember(chain, alliance));
  return ensureAlliance(chain, { functionName: 'leaveAlliance', args: [alliance], isDone, signal });
}

async function isMember(chain: Chain, alliance: bigint): Promise<boolean> {
  const account = senderOf(chain).address;
  const members = await readMembers(chain, alliance);
  return members.some((member) => member.account === account && member.state === 'active');
}
