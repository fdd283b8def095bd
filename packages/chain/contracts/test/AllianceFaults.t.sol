// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllianceBase} from "../alliance/AllianceBase.sol";
import {AllianceFaults} from "../alliance/AllianceFaults.sol";
import {AllianceMembership} from "../alliance/AllianceMembership.sol";
import {AllianceParams, CandidatePost, MemberState, Message, Round, RoundStatus} from "../alliance/AllianceTypes.sol";
import {AllianceFixture} from "./AllianceFixture.sol";

contract AllianceFaultsTest is AllianceFixture {
    function refute(uint256 id, uint32 attempt, uint64 signers) private {
        bytes[] memory signed = replaySignatures(id, 1, attempt, "other", signers);
        alliance.refuteSum(id, 1, "other", signed);
    }

    function test_refutedSumSlashesAggregatorAndReopensRound() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        commit(id, 1, 0, 0, -1);
        vm.warp(START + 100);
        refute(id, 0, all(3));
        equal(staking.bondOf(aggregator, 2), 0, "slashed");
        (Round memory current,) = alliance.getRound(id, 1);
        equal(uint256(current.status), uint256(RoundStatus.Open), "open again");
        equal(current.attempt, 1, "next attempt");
        equal(current.deadline, START + 700, "time for another candidate");
        equal(current.committed, 0, "votes start anew");

        bond(aggregator, 2, STAKE);
        post(id, 1, all(3));
        vm.expectPartialRevert(AllianceBase.WrongRound.selector);
        commit(id, 1, 0, 0, -1);
        for (uint256 i = 0; i < 3; i++) commit(id, 1, 1, i, -1);
        for (uint256 i = 0; i < 3; i++) reveal(id, 1, 1, i, -1);
        alliance.finalizeRound(id, 1, order(3));
        equal(roundStatus(id, 1), uint256(RoundStatus.Accepted), "accepted");
        for (uint256 i = 0; i < 3; i++) equal(staking.bondOf(member(i), 0), STAKE, "no honest member punished");
    }

    function test_refutationNeedsMoreThanTwoThirdsOfSurvivors() public {
        uint256 id = started(plan(), 6);
        alliance.openRound(id, 1);
        post(id, 1, all(6));
        bytes[] memory four = replaySignatures(id, 1, 0, "other", all(4));
        vm.expectPartialRevert(AllianceFaults.QuorumNotReached.selector);
        alliance.refuteSum(id, 1, "other", four);
        equal(staking.bondOf(aggregator, 2), STAKE, "untouched");
        refute(id, 0, all(5));
        equal(staking.bondOf(aggregator, 2), 0, "slashed");
    }

    function test_refutationOfWrongThingsIsRefused() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        bytes[] memory same = replaySignatures(id, 1, 0, "sum", all(3));
        vm.expectRevert(AllianceFaults.SameDigest.selector);
        alliance.refuteSum(id, 1, "sum", same);
        bytes[] memory otherAttempt = replaySignatures(id, 1, 1, "other", all(3));
        vm.expectPartialRevert(AllianceFaults.BadSigner.selector);
        alliance.refuteSum(id, 1, "other", otherAttempt);
        bytes[] memory signed = replaySignatures(id, 1, 0, "other", all(3));
        vm.expectPartialRevert(AllianceFaults.BadSigner.selector);
        alliance.refuteSum(id, 1, "third", signed);
    }

    function test_roundFailsAfterSixteenAttempts() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        for (uint32 attempt = 0; attempt < 16; attempt++) {
            post(id, 1, all(3));
            refute(id, attempt, all(3));
            bond(aggregator, 2, STAKE);
        }
        equal(roundStatus(id, 1), uint256(RoundStatus.Failed), "failed");
        alliance.openRound(id, 2);
    }

    function equivocation(uint256 id, uint32 round) private pure returns (Message memory a, Message memory b) {
        a = Message(id, round, 0, "round/keys/1", bytes32("one"));
        b = Message(id, round, 0, "round/keys/1", bytes32("two"));
    }

    function report(uint256 key, Message memory a, Message memory b) private {
        bytes memory signatureA = sign(key, a);
        bytes memory signatureB = sign(key, b);
        alliance.reportEquivocation(a, signatureA, b, signatureB);
    }

    function test_equivocationSlashesAndRemoves() public {
        uint256 id = started(plan(), 4);
        (Message memory a, Message memory b) = equivocation(id, 1);
        report(MEMBER_KEY + 1, a, b);
        equal(staking.bondOf(member(1), 0), 0, "slashed");
        equal(staking.locked(member(1), 0), 0, "no lock left");
        equal(uint256(alliance.members(id)[1].state), uint256(MemberState.Removed), "removed");
        bytes memory signatureA = sign(MEMBER_KEY + 1, a);
        bytes memory signatureB = sign(MEMBER_KEY + 1, b);
        vm.expectPartialRevert(AllianceBase.NotMember.selector);
        alliance.reportEquivocation(b, signatureB, a, signatureA);
        bond(member(1), 0, STAKE);
        vm.expectPartialRevert(AllianceMembership.WasRemoved.selector);
        vm.prank(member(1));
        alliance.join(id, noInvitation());
        alliance.openRound(id, 1);
    }

    function test_equivocationDuringVoteDoesNotHoldUpTheOthers() public {
        uint256 id = started(plan(), 4);
        alliance.openRound(id, 1);
        post(id, 1, all(4));
        commit(id, 1, 0, 0, -2);
        commit(id, 1, 0, 1, -1);
        commit(id, 1, 0, 3, 5);
        (Message memory a, Message memory b) = equivocation(id, 1);
        // It was the only one missing: reveals open at once.
        report(MEMBER_KEY + 2, a, b);
        reveal(id, 1, 0, 0, -2);
        reveal(id, 1, 0, 1, -1);
        reveal(id, 1, 0, 3, 5);
        vm.expectPartialRevert(AllianceBase.NotMember.selector);
        reveal(id, 1, 0, 2, -1);
        address[] memory list = new address[](3);
        (list[0], list[1], list[2]) = (member(0), member(1), member(3));
        alliance.finalizeRound(id, 1, list);
        equal(roundStatus(id, 1), uint256(RoundStatus.Accepted), "accepted");
        equal(alliance.owed(address(token), member(2)), 0, "no pay for the removed");
        equal(alliance.owed(address(token), member(0)), 10 ether + 90 ether, "shared by the others");
    }

    function test_removedRevealerIsNeitherCountedNorFinedAgain() public {
        uint256 id = started(plan(), 4);
        alliance.openRound(id, 1);
        post(id, 1, all(4));
        for (uint256 i = 0; i < 4; i++) commit(id, 1, 0, i, -1);
        for (uint256 i = 0; i < 4; i++) reveal(id, 1, 0, i, -1);
        (Message memory a, Message memory b) = equivocation(id, 1);
        report(MEMBER_KEY + 3, a, b);
        equal(staking.collectable(), STAKE, "slashed once");
        alliance.finalizeRound(id, 1, order(3));
        equal(staking.collectable(), STAKE, "and not again");
    }

    function test_equivocationAfterEndOrLeaveSlashesUnbonding() public {
        uint256 id = started(plan(), 4);
        vm.startPrank(member(1));
        alliance.leaveAlliance(id);
        staking.requestUnbond(member(1), 0, STAKE);
        vm.stopPrank();
        (Message memory a, Message memory b) = equivocation(id, 1);
        report(MEMBER_KEY + 1, a, b);
        equal(staking.requestValue(member(1), 0), 0, "unbonding stays slashable");
        vm.prank(creator);
        alliance.cancel(id);
        report(MEMBER_KEY + 2, a, b);
        equal(staking.bondOf(member(2), 0), 0, "slashed after the end");
        equal(staking.bondOf(member(0), 0), STAKE, "others untouched");
    }

    /// @dev Whatever two messages differ in besides the body, or if they don't differ: no fault.
    function testFuzz_onlyContradictionIsEquivocation(uint8 field, bytes32 body, bytes32 other) public {
        uint256 id = started(plan(), 3);
        Message memory a = Message(id, 1, 0, "round/keys/1", body);
        Message memory b = Message(id, 1, 0, "round/keys/1", other);
        field = uint8(bound(field, 0, 5));
        if (field == 0) b.alliance = id + 1;
        if (field == 1) b.round = 2;
        if (field == 2) b.attempt = 1;
        if (field == 3) b.kind = "round/sum/1";
        if (field == 4) b.body = body;
        bytes memory signatureA = sign(MEMBER_KEY, a);
        bytes memory signatureB = sign(field == 5 ? MEMBER_KEY + 1 : MEMBER_KEY, b);
        vm.expectRevert(AllianceFaults.NotEquivocation.selector);
        alliance.reportEquivocation(a, signatureA, b, signatureB);
        equal(staking.bondOf(member(0), 0), STAKE, "untouched");
    }

    function test_strangersAndOtherDeploymentsProveNothing() public {
        uint256 id = started(plan(), 3);
        (Message memory a, Message memory b) = equivocation(id, 1);
        bytes memory signatureA = sign(42, a);
        bytes memory signatureB = sign(42, b);
        vm.expectPartialRevert(AllianceBase.NotMember.selector);
        alliance.reportEquivocation(a, signatureA, b, signatureB);
    }
}
