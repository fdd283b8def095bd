// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Who may join: anybody, the creator's list, or who holds an invitation signed by the creator.
enum JoinMode {
    Open,
    AllowList,
    Invitation
}

enum AllianceStatus {
    None,
    Forming,
    Active,
    Finished,
    Cancelled
}

/// @dev Open waits for a candidate; Voting takes commitments, then reveals; the last three are closed for good.
enum RoundStatus {
    None,
    Open,
    Voting,
    Accepted,
    Kept,
    Failed
}

enum MemberState {
    None,
    Active,
    Left,
    Removed
}

/// @notice What a creator fixes for good. Amounts of `pool` are in `token`, of both stakes in Staking's token.
struct AllianceParams {
    /// SHA-256 of the plan's canonical JSON.
    bytes32 planDigest;
    /// SHA-256 that names the model before the first round.
    bytes32 initialModel;
    address token;
    uint128 pool;
    /// Trainer bond that every member must have, locked while it is a member.
    uint128 stake;
    /// Aggregator bond that the poster of a candidate must have.
    uint128 aggregatorStake;
    uint32 rounds;
    uint8 minMembers;
    uint8 maxMembers;
    JoinMode joinMode;
    /// From a round's opening to the moment from which no candidate may be posted any more.
    uint32 candidateSeconds;
    uint32 commitSeconds;
    uint32 revealSeconds;
    /// A candidate is accepted up to this median change of loss, in millionths of a nat per token.
    int64 toleranceMicroNats;
    /// Part of a round's pay that goes to evaluators, in hundredths of a percent.
    uint16 evaluatorFeeBps;
    /// Part of `stake` that an evaluator loses who commits and doesn't reveal.
    uint16 unrevealedPenaltyBps;
}

/// @notice Signed by the creator as EIP-712 `Invitation(uint256 alliance,address invitee,bytes32 nonce,uint64 expiry)`.
struct Invitation {
    /// Zero: whoever presents it first.
    address invitee;
    bytes32 nonce;
    /// First second at which it is no longer good.
    uint64 expiry;
    bytes signature;
}

/// @dev Everything of an alliance that changes.
struct AllianceState {
    address creator;
    AllianceStatus status;
    bool paused;
    uint32 round;
    /// Money of the pool that no round has paid out.
    uint128 remaining;
    /// Sum of the active members' weights.
    uint128 weight;
    /// Active members by index.
    uint64 members;
    /// Members that were removed for a fault.
    uint64 removed;
    bytes32 model;
}

struct Member {
    uint8 index;
    MemberState state;
    /// Its vote: the stake less what penalties took; 1 where the plan asks no stake.
    uint128 weight;
}

/// @dev Deadlines are exclusive: the first second at which it is too late.
struct Round {
    uint64 members;
    uint64 committed;
    uint64 revealed;
    RoundStatus status;
    uint8 attempt;
    /// Open: of the candidate. Voting: of commitments, which is when reveals begin.
    uint48 deadline;
    uint128 weight;
    uint64 openedAt;
    /// Weighted lower median of the votes; zero before and without a quorum.
    int64 lossChangeMicroNats;
    /// The model after the round, once it is closed.
    bytes32 model;
}

struct Candidate {
    address aggregator;
    uint64 postedAt;
    uint64 cohort;
    uint64 survivors;
    bytes32 uploadsRoot;
    bytes32 sumDigest;
    bytes32 modelDigest;
}

/// @notice What an aggregator posts. Bit i of a bitmap stands for the member with index i.
struct CandidatePost {
    uint64 cohort;
    uint64 survivors;
    bytes32 uploadsRoot;
    bytes32 sumDigest;
    bytes32 modelDigest;
}

/// @notice What members sign: EIP-712 `Message(uint256 alliance,uint32 round,uint32 attempt,string kind,bytes32 body)`.
struct Message {
    uint256 alliance;
    uint32 round;
    uint32 attempt;
    string kind;
    bytes32 body;
}

struct MemberView {
    address account;
    uint8 index;
    MemberState state;
    uint128 weight;
}
