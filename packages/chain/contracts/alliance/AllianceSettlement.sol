// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllianceBase, AllianceData} from "./AllianceBase.sol";
import {AllianceParams, AllianceState, AllianceStatus, Candidate, Member, MemberState, Round, RoundStatus} from "./AllianceTypes.sol";

/// @title The decision of a round and its money
abstract contract AllianceSettlement is AllianceBase {
    /// @param lossChangeMicroNats the weighted lower median, zero without a quorum
    event RoundClosed(
        uint256 indexed id, uint32 indexed round, RoundStatus status, int64 lossChangeMicroNats, bytes32 model, uint256 paid
    );
    /// @notice Each survivor and each evaluator named by a bit is credited its share.
    event RoundPaid(
        uint256 indexed id, uint32 indexed round, uint64 survivors, uint256 share, uint64 evaluators, uint256 fee
    );
    event VoteForfeited(uint256 indexed id, uint32 indexed round, address indexed evaluator, uint256 slashed);

    error WrongOrder(uint256 position);

    function _settle(uint256 id, uint32 round, address[] calldata order) internal {
        AllianceData storage alliance = _alliances[id];
        Round storage current = alliance.rounds[round];
        bool accepted;
        (accepted, current.lossChangeMicroNats) = _decide(id, round, order);
        _punishUnrevealed(id, round);
        if (!accepted) return _closeRound(id, round, RoundStatus.Kept, 0);
        alliance.state.model = alliance.candidates[round].modelDigest;
        _closeRound(id, round, RoundStatus.Accepted, _pay(id, round, current.revealed));
    }

    /// @dev Closes a round, and the alliance with its last one.
    function _closeRound(uint256 id, uint32 round, RoundStatus status, uint256 paid) internal {
        AllianceData storage alliance = _alliances[id];
        bytes32 model = alliance.state.model;
        Round storage current = alliance.rounds[round];
        current.status = status;
        current.model = model;
        emit RoundClosed(id, round, status, current.lossChangeMicroNats, model, paid);
        if (round == alliance.params.rounds) _close(id, AllianceStatus.Finished);
    }

    /// @dev Two thirds of the snapshot's weight must have revealed; then the lower weighted median decides.
    function _decide(uint256 id, uint32 round, address[] calldata order) private view returns (bool, int64) {
        (int64[] memory losses, uint256[] memory weights) = _readVotes(id, round, order);
        uint256 total = 0;
        for (uint256 i = 0; i < weights.length; i++) total += weights[i];
        if (total == 0 || total * 3 < uint256(_alliances[id].rounds[round].weight) * 2) return (false, 0);
        uint256 sum = weights[0];
        uint256 k = 0;
        while (sum * 2 < total) sum += weights[++k];
        return (losses[k] <= _alliances[id].params.toleranceMicroNats, losses[k]);
    }

    /// @dev Everybody who revealed, once each, by ascending loss.
    function _readVotes(uint256 id, uint32 round, address[] calldata order)
        private
        view
        returns (int64[] memory losses, uint256[] memory weights)
    {
        AllianceData storage alliance = _alliances[id];
        uint64 unseen = alliance.rounds[round].revealed;
        if (order.length != _count(unseen)) revert WrongOrder(order.length);
        losses = new int64[](order.length);
        weights = new uint256[](order.length);
        mapping(uint8 => bytes32) storage votes = alliance.votes[round][alliance.rounds[round].attempt];
        mapping(address => Member) storage known = alliance.members;
        for (uint256 i = 0; i < order.length; i++) {
            Member memory member = known[order[i]];
            uint64 bit = _bit(member.index);
            losses[i] = int64(uint64(uint256(votes[member.index])));
            bool fits = member.state != MemberState.None && unseen & bit != 0 && (i == 0 || losses[i - 1] <= losses[i]);
            if (!fits) revert WrongOrder(i);
            unseen &= ~bit;
            weights[i] = member.weight;
        }
    }

    function _punishUnrevealed(uint256 id, uint32 round) private {
        AllianceData storage alliance = _alliances[id];
        Round storage current = alliance.rounds[round];
        uint64 silent = current.committed & ~current.revealed & ~alliance.state.removed;
        if (silent == 0) return;
        uint128 penalty = uint128(uint256(alliance.params.stake) * alliance.params.unrevealedPenaltyBps / BPS);
        for (uint8 index = 0; silent != 0; index++) {
            if (silent & _bit(index) == 0) continue;
            silent &= ~_bit(index);
            address account = alliance.accounts[index];
            Member storage member = alliance.members[account];
            uint128 lost = penalty < member.weight ? penalty : member.weight;
            member.weight -= lost;
            alliance.state.weight -= lost;
            bytes32 evidence = keccak256(abi.encode(id, round, current.attempt, account));
            // Silence is often a common outage, so it is never taken for a common attack.
            emit VoteForfeited(id, round, account, _slash(account, TRAINER, penalty, false, evidence));
        }
    }

    /// @dev An equal part of what is left for each round still to come, so that money of kept rounds rolls over.
    function _pay(uint256 id, uint32 round, uint64 revealers) private returns (uint256 paid) {
        AllianceData storage alliance = _alliances[id];
        uint64 survivors = alliance.candidates[round].survivors & ~alliance.state.removed;
        uint256 budget = alliance.state.remaining / (alliance.params.rounds - round + 1);
        uint256 fees = budget * alliance.params.evaluatorFeeBps / BPS;
        uint256 fee = fees / _count(revealers);
        uint256 share = survivors == 0 ? 0 : (budget - fees) / _count(survivors);
        _credit(alliance, revealers, fee);
        _credit(alliance, survivors, share);
        paid = fee * _count(revealers) + share * _count(survivors);
        alliance.state.remaining -= uint128(paid);
        emit RoundPaid(id, round, survivors, share, revealers, fee);
    }

    function _credit(AllianceData storage alliance, uint64 recipients, uint256 amount) private {
        if (amount == 0) return;
        mapping(address => uint256) storage credit = owed[alliance.params.token];
        address[] storage accounts = alliance.accounts;
        for (uint8 index = 0; recipients != 0; index++) {
            if (recipients & 1 != 0) credit[accounts[index]] += amount;
            recipients >>= 1;
        }
    }
}
