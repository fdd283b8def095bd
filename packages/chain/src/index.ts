export { approve } from './actions/approve.ts';
export { createAlliance } from './actions/create-alliance.ts';
export { delegate, type Delegation, readDelegation, undelegate } from './actions/delegate.ts';
export { finalizeRound } from './actions/finalize-round.ts';
export {
  cancelAlliance,
  revokeInvitation,
  setAlliancePaused,
  setAllowed,
  startAlliance,
} from './actions/govern-alliance.ts';
export { joinAlliance, leaveAlliance } from './actions/join-alliance.ts';
export { failRound, openRound } from './actions/open-round.ts';
export { owed, withdrawPayout } from './actions/payout.ts';
export { type CandidatePost, postCandidate, refuteSum } from './actions/post-candidate.ts';
export { type AllianceInfo, type AllianceParams, findAlliance, readAlliance } from './actions/read-alliance.ts';
export { type MemberInfo, readMembers } from './actions/read-members.ts';
export { type CandidateInfo, type RoundInfo, readRound } from './actions/read-round.ts';
export { readVote, type VoteAddress, type VoteInfo } from './actions/read-vote.ts';
export {
  anchorLog,
  type LogAnchor,
  type PublishedModel,
  publishModel,
  readAnchor,
  readPublishedModel,
} from './actions/registry.ts';
export { reportEquivocation, type SignedMessage } from './actions/report-equivocation.ts';
export {
  claimedRewards,
  claimRewards,
  fundRewards,
  proposeRewards,
  readRewardRoots,
  type RewardClaim,
  type RewardProposal,
  type RewardRoots,
  vetoRewards,
} from './actions/rewards.ts';
export { stakeWithPermit } from './actions/stake-with-permit.ts';
export { type BondInfo, readBond, stake } from './actions/stake.ts';
export { gasBalance, tokenBalance } from './actions/token.ts';
export { readUnbonding, requestUnbond, type UnbondingRequest, withdrawUnbonded } from './actions/unbond.ts';
export { commitVote, type OwnVote, revealVote } from './actions/vote.ts';
export { type AddressBook, addressBookSchema, addressSchema } from './address-book.ts';
export {
  type AllianceMessage,
  allianceDomain,
  messageTypedData,
  recoverMessageSigner,
  REPLAY_KIND,
  replayBody,
  signMessage,
  SURVIVORS_KIND,
  survivorsBody,
} from './alliance-message.ts';
export { bitmapOf, indicesOf, type MemberBitmap } from './bitmap.ts';
export { type Chain, type ChainOptions, createChain } from './chain.ts';
export { digestFromBytes32, digestToBytes32 } from './digest-bytes.ts';
export type { Mined, Outcome, SendOptions } from './ensure.ts';
export {
  type AllianceEvent,
  allianceEvents,
  type BlockHead,
  type BlockRange,
  readBlock,
  type RegistryEvent,
  registryEvents,
  type StakingEvent,
  stakingEvents,
} from './events.ts';
export { allianceAbi } from './generated/alliance-abi.ts';
export { registryAbi } from './generated/registry-abi.ts';
export { rewardsAbi } from './generated/rewards-abi.ts';
export { stakingAbi } from './generated/staking-abi.ts';
export { tokenAbi } from './generated/token-abi.ts';
export {
  type Invitation,
  type InvitationVerdict,
  invitationSchema,
  signInvitation,
  verifyInvitation,
} from './invitation.ts';
export {
  ALLIANCE_STATUSES,
  type AllianceStatus,
  JOIN_MODES,
  type JoinMode,
  MEMBER_STATES,
  type MemberState,
  ROUND_STATUSES,
  type RoundStatus,
  STAKING_ROLES,
  type StakingRole,
} from './statuses.ts';
export { type Vote, voteCommitment } from './vote-commitment.ts';
