import { ALLIANCE_STATUSES, ROUND_STATUSES, STAKING_ROLES } from './statuses.ts';

type Describe = (...args: readonly string[]) => string;

const time = (seconds = '0') => new Date(Number(seconds) * 1000).toISOString();
const role = (value = '') => STAKING_ROLES[Number(value)] ?? `role ${value}`;

/** The contracts' errors in words; one that isn't here is shown by its name and values. */
const sentences: Readonly<Record<string, Describe>> = {
  AccessControlUnauthorizedAccount: (who) => `${who} has not the role that this needs`,
  ECDSAInvalidSignature: () => 'a signature is by nobody',
  ECDSAInvalidSignatureLength: (length) => `a signature has ${length} bytes, not 65`,
  ECDSAInvalidSignatureS: () => 'a signature is not in its one accepted form (low s)',
  NothingToClaim: (who) => `${who} has claimed all of it already`,
  NothingToVeto: () => 'no root waits to take effect',
  RootPending: (root) => `the root ${root} waits to take effect`,
  SafeERC20FailedOperation: (token) => `the token ${token} refused a transfer`,
  AlreadyCommitted: (who) => `${who} has committed its vote already`,
  AlreadyCreated: (id) => `the creator has alliance ${id} for this plan already`,
  AlreadyMember: (id, who) => `${who} is a member of alliance ${id} already`,
  AlreadyRevealed: (who) => `${who} has revealed its vote already`,
  BadCohort: (cohort, survivors) => `survivors ${survivors} and cohort ${cohort} do not fit the round's members`,
  BadInvitation: (id) => `the invitation was not signed by the creator of alliance ${id}`,
  BadName: () => 'a name has 1 to 96 characters of a-z, 0-9, "-", "_", "." and "/"',
  BadParameters: () => "the alliance's parameters contradict each other or are out of range",
  BadProof: () => 'the proof does not lead to the root',
  BadSigner: (_id, who) => `a signature is by ${who}, who may not sign this or has signed twice`,
  ERC20InsufficientAllowance: (who, has, needs) => `${who} may spend ${has} of the ${needs} needed`,
  ERC20InsufficientBalance: (who, has, needs) => `${who} has ${has} of the ${needs} tokens needed`,
  InsufficientAggregatorBond: (who, has, needs) => `${who} has an aggregator bond of ${has}, the plan asks ${needs}`,
  InsufficientBond: (who, what, free, needs) => `the ${role(what)} bond of ${who} has ${free} free, ${needs} needed`,
  InvitationExpired: (at) => `the invitation expired at ${time(at)}`,
  InvitationUsed: () => 'the invitation was used or revoked',
  IsPaused: (id) => `alliance ${id} is paused by its creator`,
  NotAllowed: (id, who) => `${who} may not join alliance ${id}`,
  NotCommitted: (who) => `${who} has not committed a vote`,
  NotCreator: (id, who) => `only its creator ${who} may do this with alliance ${id}`,
  NotEquivocation: () => 'the two messages do not contradict each other, or are not by the same signer',
  NotLarger: (size) => `a log of ${size} entries is anchored already`,
  NotMember: (id, who) => `${who} is no member of alliance ${id}, or not of this round`,
  NotPublisher: (who) => `the name belongs to ${who}`,
  NothingOwed: (token, who) => `${who} is owed nothing in token ${token}`,
  QuorumNotReached: (has, needs) => `${has} members signed, ${needs} needed`,
  RoundInProgress: (id, round) => `round ${round} of alliance ${id} is in progress`,
  SameDigest: () => 'the replay agrees with the posted sum',
  StillUnbonding: (at) => `the bond is free from ${time(at)}`,
  TooEarly: (at) => `not before ${time(at)}`,
  TooFewMembers: (id, has, needs) => `alliance ${id} has ${has} members, ${needs} needed`,
  TooLate: (at) => `the deadline was ${time(at)}`,
  TooManyMembers: (id) => `alliance ${id} is full`,
  UnexpectedRoot: (current, expected) => `the root is ${current}, not ${expected}`,
  UnexpectedVersion: (current) => `the name is at version ${current}`,
  WasRemoved: (id, who) => `${who} was removed from alliance ${id} for a fault`,
  WrongOrder: (position) => `the order of the votes is wrong at position ${position}`,
  WrongReveal: (who) => `the revealed vote of ${who} is not the committed one`,
  WrongRound: (id, current) => `the current round of alliance ${id} is ${current}, or the attempt is another`,
  WrongRoundStatus: (_id, round, status) => `round ${round} is ${ROUND_STATUSES[Number(status)]}`,
  WrongStatus: (id, status) => `alliance ${id} is ${ALLIANCE_STATUSES[Number(status)]}`,
};

export function describeContractError(name: string, args: readonly unknown[]): string | undefined {
  return Object.hasOwn(sentences, name) ? sentences[name]?.(...args.map(String)) : undefined;
}
