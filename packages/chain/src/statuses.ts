/** The contracts' enums by position; on the wire they are names. */
export const ALLIANCE_STATUSES = ['none', 'forming', 'active', 'finished', 'cancelled'] as const;
export const ROUND_STATUSES = ['none', 'open', 'voting', 'accepted', 'kept', 'failed'] as const;
export const MEMBER_STATES = ['none', 'active', 'left', 'removed'] as const;
export const JOIN_MODES = ['open', 'allow-list', 'invitation'] as const;

export type AllianceStatus = (typeof ALLIANCE_STATUSES)[number];
export type RoundStatus = (typeof ROUND_STATUSES)[number];
export type MemberState = (typeof MEMBER_STATES)[number];
export type JoinMode = (typeof JOIN_MODES)[number];

/** Roles that bonds stand for. In an alliance a trainer's bond serves for evaluating too. */
export const STAKING_ROLES = ['trainer', 'evaluator', 'aggregator'] as const;

export type StakingRole = (typeof STAKING_ROLES)[number];

/** The name at a position of one of the lists above. @throws RangeError for a value of a newer contract. */
export function nameAt<Name extends string>(names: readonly Name[], value: number): Name {
  const name = names[value];
  if (name === undefined) throw new RangeError(`${value} is none of ${names.join(', ')}`);
  return name;
}
