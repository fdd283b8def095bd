// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllianceData} from "./AllianceBase.sol";
import {AllianceFaults} from "./AllianceFaults.sol";
import {AllianceSettlement} from "./AllianceSettlement.sol";
import {
    AllianceParams,
    AllianceState,
    Candidate,
    CandidatePost,
    Member,
    MemberState,
    Round,
    RoundStatus
} from "./AllianceTypes.sol";

/// @title A round: opened, a candidate posted, votes committed and revealed, decided
abstract contract AllianceRounds is AllianceFaults, AllianceSettlement {
    event RoundOpened(uint256 indexed id, uint32 indexed round, uint64 members, uint64 deadline);
    event CandidatePosted(
        uint256 indexed id, uint32 indexed round, uint32 attempt, address indexed aggregator, CandidatePost candidate, uint64 commitDeadline
    );
    event VoteCommitted(
        uint256 indexed id, uint32 indexed round, uint32 attempt, address indexed evaluator, bytes32 commitment
    );
    event VoteRevealed(
        uint256 indexed id, uint32 indexed round, uint32 attempt, address indexed evaluator, int64 lossChangeMicroNats
    );

    error TooLate(uint64 deadline);
    error TooEarly(uint64 opensAt);
    error BadCohort(uint64 cohort, uint64 survivors);
    error InsufficientAggregatorBond(address account, uint256 bond, uint256 needed);
    error AlreadyCommitted(address evaluator);
    error NotCommitted(address evaluator);
    error AlreadyRevealed(address evaluator);
    error WrongReveal(address evaluator);
    error EmptyCommitment();

    /// @notice Opens the next round; anybody may.
    /// @param round the one after the last, so that a call that comes twice opens one
    function openRound(uint256 id, uint32 round) external {
        _requireActive(id, false);
        _requireBetweenRounds(id);
        AllianceData storage alliance = _alliances[id];
        AllianceState storage state = alliance.state;
        if (round != state.round + 1) revert WrongRound(id, state.round);
        if (state.paused) revert IsPaused(id);
        AllianceParams storage params = alliance.params;
        uint256 count = _count(state.members);
        if (count < params.minMembers) revert TooFewMembers(id, count, params.minMembers);
        uint64 deadline = uint64(block.timestamp) + params.candidateSeconds;
        state.round = round;
        Round storage opened = alliance.rounds[round];
        opened.members = state.members;
        opened.status = RoundStatus.Open;
        opened.deadline = uint48(deadline);
        opened.weight = state.weight;
        opened.openedAt = uint64(block.timestamp);
        emit RoundOpened(id, round, state.members, deadline);
    }

    /// @notice Posts the sum and the model made of it, and opens the vote. The first valid post of an attempt counts.
    /// @param signatures of survivors on one `round/survivors/1` message, whose body is
    /// keccak256(abi.encode(cohort, survivors, uploadsRoot)): more than (n + ⌊n/3⌋)/2 for a cohort of n, so that no two
    /// survivor sets can both have them; of every survivor where n ≤ 5
    function postCandidate(uint256 id, uint32 round, CandidatePost calldata post, bytes[] calldata signatures) external {
        Round storage current = _currentRound(id, round, RoundStatus.Open);
        if (block.timestamp >= current.deadline) revert TooLate(current.deadline);
        AllianceParams storage params = _alliances[id].params;
        uint256 bond = staking.bondOf(msg.sender, AGGREGATOR);
        if (bond < params.aggregatorStake) revert InsufficientAggregatorBond(msg.sender, bond, params.aggregatorStake);
        _checkSurvivors(id, round, post, signatures);

        Candidate storage candidate = _alliances[id].candidates[round];
        candidate.aggregator = msg.sender;
        candidate.postedAt = uint64(block.timestamp);
        candidate.cohort = post.cohort;
        candidate.survivors = post.survivors;
        candidate.uploadsRoot = post.uploadsRoot;
        candidate.sumDigest = post.sumDigest;
        candidate.modelDigest = post.modelDigest;
        uint64 commitDeadline = uint64(block.timestamp) + params.commitSeconds;
        current.status = RoundStatus.Voting;
        current.deadline = uint48(commitDeadline);
        emit CandidatePosted(id, round, current.attempt, msg.sender, post, commitDeadline);
    }

    /// @param commitment keccak256(abi.encode(id, round, attempt, evaluator, int64 lossChangeMicroNats, bytes32 salt))
    function commitVote(uint256 id, uint32 round, uint32 attempt, bytes32 commitment) external {
        Round storage current = _voting(id, round, attempt);
        if (block.timestamp >= current.deadline) revert TooLate(current.deadline);
        if (commitment == 0) revert EmptyCommitment();
        uint8 index = _evaluator(id, current);
        if (current.committed & _bit(index) != 0) revert AlreadyCommitted(msg.sender);
        current.committed |= _bit(index);
        _alliances[id].votes[round][attempt][index] = commitment;
        emit VoteCommitted(id, round, attempt, msg.sender, commitment);
        _openRevealIfComplete(id, round);
    }

    function revealVote(uint256 id, uint32 round, uint32 attempt, int64 lossChangeMicroNats, bytes32 salt) external {
        Round storage current = _voting(id, round, attempt);
        if (block.timestamp < current.deadline) revert TooEarly(current.deadline);
        uint64 deadline = _revealDeadline(id, current);
        if (block.timestamp >= deadline) revert TooLate(deadline);
        uint8 index = _evaluator(id, current);
        if (current.committed & _bit(index) == 0) revert NotCommitted(msg.sender);
        if (current.revealed & _bit(index) != 0) revert AlreadyRevealed(msg.sender);
        bytes32 commitment = keccak256(abi.encode(id, round, attempt, msg.sender, lossChangeMicroNats, salt));
        if (_alliances[id].votes[round][attempt][index] != commitment) revert WrongReveal(msg.sender);
        current.revealed |= _bit(index);
        _alliances[id].votes[round][attempt][index] = bytes32(uint256(int256(lossChangeMicroNats)));
        emit VoteRevealed(id, round, attempt, msg.sender, lossChangeMicroNats);
    }

    /// @notice Decides a round: when every vote that can still come has come, or after the last deadline.
    /// @param order all who revealed, by ascending loss change; the contract only checks it
    function finalizeRound(uint256 id, uint32 round, address[] calldata order) external {
        Round storage current = _currentRound(id, round, RoundStatus.Voting);
        uint64 awaited = current.committed & ~current.revealed & ~_alliances[id].state.removed;
        bool nothingToCome = block.timestamp >= current.deadline && awaited == 0;
        if (!nothingToCome && block.timestamp < _revealDeadline(id, current)) {
            revert TooEarly(_revealDeadline(id, current));
        }
        _settle(id, round, order);
    }

    /// @notice Closes a round that got no candidate in time.
    function failRound(uint256 id, uint32 round) external {
        Round storage current = _currentRound(id, round, RoundStatus.Open);
        if (block.timestamp < current.deadline) revert TooEarly(current.deadline);
        _failRound(id, round);
    }

    function _failRound(uint256 id, uint32 round) internal override {
        _closeRound(id, round, RoundStatus.Failed, 0);
    }

    function _voting(uint256 id, uint32 round, uint32 attempt) private view returns (Round storage current) {
        current = _currentRound(id, round, RoundStatus.Voting);
        if (attempt != current.attempt) revert WrongRound(id, round);
    }

    function _evaluator(uint256 id, Round storage current) private view returns (uint8) {
        Member storage member = _alliances[id].members[msg.sender];
        bool evaluates = member.state == MemberState.Active && current.members & _bit(member.index) != 0;
        if (!evaluates) revert NotMember(id, msg.sender);
        return member.index;
    }

    function _revealDeadline(uint256 id, Round storage current) private view returns (uint64) {
        return uint64(current.deadline) + _alliances[id].params.revealSeconds;
    }

    function _checkSurvivors(uint256 id, uint32 round, CandidatePost calldata post, bytes[] calldata signatures)
        private
        view
    {
        Round storage current = _alliances[id].rounds[round];
        uint256 n = _count(post.cohort);
        uint256 alive = _count(post.survivors);
        bool nested = post.survivors & ~post.cohort == 0 && post.cohort & ~current.members == 0;
        if (!nested || n < _alliances[id].params.minMembers || alive == 0) revert BadCohort(post.cohort, post.survivors);
        bytes32 body = keccak256(abi.encode(post.cohort, post.survivors, post.uploadsRoot));
        bytes32 digest = _hashMessage(id, round, current.attempt, keccak256("round/survivors/1"), body);
        uint256 signers = _countSigners(id, post.survivors, digest, signatures);
        uint256 needed = (n + n / 3) / 2 + 1;
        if (n <= 5 && needed < alive) needed = alive;
        if (signers < needed) revert QuorumNotReached(signers, needed);
    }
}
