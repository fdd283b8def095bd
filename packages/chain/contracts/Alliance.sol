// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {AllianceBase, AllianceData} from "./alliance/AllianceBase.sol";
import {AllianceMembership} from "./alliance/AllianceMembership.sol";
import {AllianceRounds} from "./alliance/AllianceRounds.sol";
import {AllianceParams, AllianceState, Candidate, Member, MemberState, MemberView, Round} from "./alliance/AllianceTypes.sol";
import {IStaking} from "./alliance/IStaking.sol";

/// @title Alliances
/// @notice Federated fine-tuning of one model by several parties: membership, rounds, votes, pay and faults of any number
/// of alliances, each with its money in escrow. What goes in is paid, refunded or held; nobody can move it otherwise.
/// @dev Only what a signature or the chain itself proves is punished: two messages in one place, a sum that the survivors'
/// replay contradicts, a commitment that was not revealed. Disagreeing is no fault, vanishing as a trainer neither.
contract Alliance is AllianceMembership, AllianceRounds {
    constructor(IStaking staking_) AllianceBase(staking_) EIP712("Skein", "1") {}

    function getAlliance(uint256 id) external view returns (AllianceParams memory params, AllianceState memory state) {
        return (_alliances[id].params, _alliances[id].state);
    }

    function getRound(uint256 id, uint32 round) external view returns (Round memory, Candidate memory) {
        return (_alliances[id].rounds[round], _alliances[id].candidates[round]);
    }

    /// @return everybody who ever was a member, by index
    function members(uint256 id) external view returns (MemberView[] memory) {
        AllianceData storage alliance = _alliances[id];
        address[] storage accounts = alliance.accounts;
        MemberView[] memory all = new MemberView[](accounts.length);
        for (uint256 i = 0; i < accounts.length; i++) {
            Member storage member = alliance.members[accounts[i]];
            all[i] = MemberView(accounts[i], member.index, member.state, member.weight);
        }
        return all;
    }

    /// @notice A vote of the round's last attempt.
    /// @return committed the commitment; zero if there is none or it was revealed
    /// @return revealed whether the loss change is known
    function voteOf(uint256 id, uint32 round, uint32 attempt, address evaluator)
        external
        view
        returns (bytes32 committed, bool revealed, int64 lossChangeMicroNats)
    {
        AllianceData storage alliance = _alliances[id];
        Member storage member = alliance.members[evaluator];
        Round storage current = alliance.rounds[round];
        if (member.state == MemberState.None || attempt != current.attempt) return (0, false, 0);
        uint8 index = member.index;
        bytes32 vote = alliance.votes[round][attempt][index];
        revealed = current.revealed & _bit(index) != 0;
        if (revealed) return (0, true, int64(uint64(uint256(vote))));
        return (vote, false, 0);
    }

}
