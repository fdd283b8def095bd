import type { Address } from 'viem';
import type { Chain } from '../chain.ts';
import { allianceAbi } from '../generated/alliance-abi.ts';
import { read } from '../read.ts';
import { MEMBER_STATES, type MemberState, nameAt } from '../statuses.ts';

export interface MemberInfo {
  readonly account: Address;
  /** Its bit in every bitmap; an account keeps it for good. */
  readonly index: number;
  readonly state: MemberState;
  /** Of its vote: the stake less penalties; 1 where the plan asks no stake. */
  readonly weight: bigint;
}

/** Everybody who ever was a member, by index. */
export async function readMembers(chain: Chain, alliance: bigint): Promise<MemberInfo[]> {
  const members = await read(chain, {
    address: chain.book.alliance,
    abi: allianceAbi,
    functionName: 'members',
    args: [alliance],
  });
  return members.map((member) => ({ ...member, state: nameAt(MEMBER_STATES, member.state) }));
}
