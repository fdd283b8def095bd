// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllianceBase} from "../alliance/AllianceBase.sol";
import {AllianceFaults} from "../alliance/AllianceFaults.sol";
import {AllianceRounds} from "../alliance/AllianceRounds.sol";
import {AllianceSettlement} from "../alliance/AllianceSettlement.sol";
import {AllianceParams, AllianceStatus, CandidatePost, Message, Round, RoundStatus} from "../alliance/AllianceTypes.sol";
import {AllianceFixture} from "./AllianceFixture.sol";

contract AllianceRoundsTest is AllianceFixture {
    function owedTo(address account) private view returns (uint256) {
        return alliance.owed(address(token), account);
    }

    function test_acceptedRoundPaysSurvivorsAndEvaluators() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        vote(id, 1, losses3(-500, -400, 900));
        alliance.finalizeRound(id, 1, order(3));
        equal(roundStatus(id, 1), uint256(RoundStatus.Accepted), "accepted");
        equal(stateOf(id).model, bytes32("model"), "new model");
        // A third of the pool: a tenth of it to three evaluators, the rest to three survivors.
        for (uint256 i = 0; i < 3; i++) equal(owedTo(member(i)), 10 ether + 90 ether, "pay");
        vm.prank(member(0));
        alliance.withdraw(address(token));
        equal(token.balanceOf(member(0)), 100 ether, "paid out");
        vm.expectPartialRevert(AllianceBase.NothingOwed.selector);
        vm.prank(member(0));
        alliance.withdraw(address(token));
    }

    function test_keptRoundPaysNothingAndItsMoneyRollsOver() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        vote(id, 1, losses3(-1, 1, 2));
        alliance.finalizeRound(id, 1, order(3));
        equal(roundStatus(id, 1), uint256(RoundStatus.Kept), "kept");
        equal(stateOf(id).model, bytes32("base"), "old model");
        equal(stateOf(id).remaining, POOL, "nothing spent");
        for (uint32 round = 2; round <= 3; round++) {
            alliance.openRound(id, round);
            post(id, round, all(3));
            vote(id, round, losses3(-1, 0, 2));
            alliance.finalizeRound(id, round, order(3));
        }
        equal(owedTo(member(0)), POOL / 3, "the kept round's money was paid by later ones");
        equal(uint256(stateOf(id).status), uint256(AllianceStatus.Finished), "finished");
        equal(owedTo(creator), 0, "nothing left");
        for (uint256 i = 0; i < 3; i++) equal(staking.locked(member(i), 0), 0, "free");
    }

    function test_lastRoundKeptRefundsCreator() public {
        AllianceParams memory params = plan();
        params.rounds = 1;
        uint256 id = started(params, 3);
        alliance.openRound(id, 1);
        vm.warp(START + 600);
        alliance.failRound(id, 1);
        equal(roundStatus(id, 1), uint256(RoundStatus.Failed), "failed");
        equal(owedTo(creator), POOL, "refund");
    }

    function test_lowerMedianDecidesForEvenCount() public {
        uint256 id = started(plan(), 4);
        alliance.openRound(id, 1);
        post(id, 1, all(4));
        int64[] memory losses = new int64[](4);
        (losses[0], losses[1], losses[2], losses[3]) = (-2, 0, 1, 5);
        vote(id, 1, losses);
        alliance.finalizeRound(id, 1, order(4));
        (Round memory current,) = alliance.getRound(id, 1);
        equal(uint64(current.lossChangeMicroNats), 0, "the lower of the two in the middle");
        equal(uint256(current.status), uint256(RoundStatus.Accepted), "accepted");
    }

    function testFuzz_medianIsTheOneOfSortedVotes(int64[5] memory losses, int64 tolerance) public {
        for (uint256 i = 1; i < 5; i++) {
            for (uint256 j = i; j > 0 && losses[j - 1] > losses[j]; j--) {
                (losses[j - 1], losses[j]) = (losses[j], losses[j - 1]);
            }
        }
        AllianceParams memory params = plan();
        params.toleranceMicroNats = tolerance;
        uint256 id = started(params, 5);
        alliance.openRound(id, 1);
        post(id, 1, all(5));
        int64[] memory list = new int64[](5);
        for (uint256 i = 0; i < 5; i++) list[i] = losses[i];
        vote(id, 1, list);
        alliance.finalizeRound(id, 1, order(5));
        (Round memory current,) = alliance.getRound(id, 1);
        yes(current.lossChangeMicroNats == losses[2], "median");
        yes((current.status == RoundStatus.Accepted) == (losses[2] <= tolerance), "decision");
    }

    function test_orderIsChecked() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        vote(id, 1, losses3(-3, -2, -1));
        address[] memory wrong = order(3);
        (wrong[0], wrong[1]) = (wrong[1], wrong[0]);
        expectWrongOrder(id, wrong);
        wrong[1] = wrong[0];
        expectWrongOrder(id, wrong);
        wrong = order(3);
        wrong[2] = aggregator;
        expectWrongOrder(id, wrong);
        expectWrongOrder(id, order(2));
    }

    function expectWrongOrder(uint256 id, address[] memory list) private {
        vm.expectPartialRevert(AllianceSettlement.WrongOrder.selector);
        alliance.finalizeRound(id, 1, list);
    }

    function test_noQuorumKeepsModelAndSilenceCosts() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        for (uint256 i = 0; i < 3; i++) commit(id, 1, 0, i, -1);
        reveal(id, 1, 0, 0, -1);
        vm.expectPartialRevert(AllianceRounds.TooEarly.selector);
        alliance.finalizeRound(id, 1, order(1));
        vm.warp(START + 200);
        alliance.finalizeRound(id, 1, order(1));
        equal(roundStatus(id, 1), uint256(RoundStatus.Kept), "one of three is no quorum");
        equal(staking.bondOf(member(0), 0), STAKE, "who revealed loses nothing");
        equal(staking.bondOf(member(1), 0), STAKE * 95 / 100, "five per cent");
        equal(alliance.members(id)[1].weight, STAKE * 95 / 100, "weighs less from now on");
    }

    function test_quorumOfTwoThirdsDecidesAndSilentEvaluatorGetsNoFee() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        for (uint256 i = 0; i < 3; i++) commit(id, 1, 0, i, -1);
        for (uint256 i = 0; i < 2; i++) reveal(id, 1, 0, i, -1);
        vm.warp(START + 200);
        alliance.finalizeRound(id, 1, order(2));
        equal(roundStatus(id, 1), uint256(RoundStatus.Accepted), "accepted");
        equal(owedTo(member(0)), 15 ether + 90 ether, "fee shared by two");
        equal(owedTo(member(2)), 90 ether, "survivor's share only");
    }

    function test_whoNeverCommitsIsNotPunished() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        vm.warp(START + 300);
        alliance.finalizeRound(id, 1, new address[](0));
        for (uint256 i = 0; i < 3; i++) equal(staking.bondOf(member(i), 0), STAKE, "untouched");
    }

    function test_disagreeingIsNotPunished() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        vote(id, 1, losses3(type(int64).min, 0, type(int64).max));
        alliance.finalizeRound(id, 1, order(3));
        for (uint256 i = 0; i < 3; i++) equal(staking.bondOf(member(i), 0), STAKE, "untouched");
    }

    function test_dropoutIsUnpaidAndUnpunished() public {
        uint256 id = started(plan(), 6);
        alliance.openRound(id, 1);
        post(id, 1, all(6) & ~uint64(1));
        for (uint256 i = 0; i < 6; i++) commit(id, 1, 0, i, -1);
        for (uint256 i = 0; i < 6; i++) reveal(id, 1, 0, i, -1);
        alliance.finalizeRound(id, 1, order(6));
        equal(owedTo(member(0)), 30 ether / uint256(6), "its fee as an evaluator");
        equal(owedTo(member(1)), 30 ether / uint256(6) + 270 ether / uint256(5), "a fifth of the trainers' part");
        equal(staking.bondOf(member(0), 0), STAKE, "untouched");
    }

    function test_phasesInOrder() public {
        uint256 id = started(plan(), 3);
        vm.expectPartialRevert(AllianceBase.WrongRound.selector);
        alliance.openRound(id, 2);
        vm.expectPartialRevert(AllianceBase.WrongRoundStatus.selector);
        alliance.failRound(id, 1);
        alliance.openRound(id, 1);
        vm.expectPartialRevert(AllianceBase.RoundInProgress.selector);
        alliance.openRound(id, 2);
        vm.expectPartialRevert(AllianceBase.WrongRoundStatus.selector);
        commit(id, 1, 0, 0, -1);
        vm.expectPartialRevert(AllianceRounds.TooEarly.selector);
        alliance.failRound(id, 1);
        vm.expectPartialRevert(AllianceBase.WrongRoundStatus.selector);
        alliance.finalizeRound(id, 1, new address[](0));
        post(id, 1, all(3));
        bytes[] memory signed = survivorSignatures(id, 1, 0, candidateOf(all(3), all(3)), all(3));
        expectPostReverts(id, candidateOf(all(3), all(3)), signed, AllianceBase.WrongRoundStatus.selector);
        vm.expectPartialRevert(AllianceRounds.TooEarly.selector);
        reveal(id, 1, 0, 0, -1);
        for (uint256 i = 0; i < 3; i++) commit(id, 1, 0, i, -1);
        vm.expectPartialRevert(AllianceRounds.TooLate.selector);
        commit(id, 1, 0, 0, -1);
        vm.expectPartialRevert(AllianceRounds.WrongReveal.selector);
        reveal(id, 1, 0, 0, -2);
        reveal(id, 1, 0, 0, -1);
        vm.expectPartialRevert(AllianceRounds.AlreadyRevealed.selector);
        reveal(id, 1, 0, 0, -1);
        vm.expectPartialRevert(AllianceRounds.TooEarly.selector);
        alliance.finalizeRound(id, 1, order(1));
    }

    function test_deadlinesAreExclusive() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        vm.warp(START + 600);
        CandidatePost memory candidate = candidateOf(all(3), all(3));
        bytes[] memory signed = survivorSignatures(id, 1, 0, candidate, all(3));
        vm.expectPartialRevert(AllianceRounds.TooLate.selector);
        vm.prank(aggregator);
        alliance.postCandidate(id, 1, candidate, signed);
        vm.warp(START + 599);
        post(id, 1, all(3));
        vm.warp(START + 599 + 299);
        commit(id, 1, 0, 0, -1);
        vm.warp(START + 599 + 300);
        vm.expectPartialRevert(AllianceRounds.TooLate.selector);
        commit(id, 1, 0, 1, -1);
        vm.expectPartialRevert(AllianceRounds.NotCommitted.selector);
        reveal(id, 1, 0, 1, -1);
        vm.warp(START + 599 + 500);
        vm.expectPartialRevert(AllianceRounds.TooLate.selector);
        reveal(id, 1, 0, 0, -1);
    }

    function test_candidateNeedsAggregatorBond() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        CandidatePost memory candidate = candidateOf(all(3), all(3));
        bytes[] memory signed = survivorSignatures(id, 1, 0, candidate, all(3));
        vm.expectPartialRevert(AllianceRounds.InsufficientAggregatorBond.selector);
        alliance.postCandidate(id, 1, candidate, signed);
    }

    function test_smallCohortNeedsEverySurvivorAndLargeOneTheQuorum() public {
        uint256 small = started(plan(), 5);
        alliance.openRound(small, 1);
        expectPost(small, all(5), all(4), false);
        expectPost(small, all(5), all(5), true);
    }

    function testFuzz_quorumOfLargeCohort(uint256 seed) public {
        uint256 n = bound(seed, 6, 12);
        uint256 id = started(plan(), n);
        alliance.openRound(id, 1);
        uint256 needed = (n + n / 3) / 2 + 1;
        expectPost(id, all(n), all(needed - 1), false);
        expectPost(id, all(n), all(needed), true);
    }

    function expectPost(uint256 id, uint64 survivors, uint64 signers, bool passes) private {
        (Round memory current,) = alliance.getRound(id, 1);
        CandidatePost memory candidate = candidateOf(current.members, survivors);
        bytes[] memory signed = survivorSignatures(id, 1, 0, candidate, signers);
        if (!passes) vm.expectPartialRevert(AllianceFaults.QuorumNotReached.selector);
        vm.prank(aggregator);
        alliance.postCandidate(id, 1, candidate, signed);
    }

    function test_cohortAndSignersMustFit() public {
        uint256 id = started(plan(), 4);
        alliance.openRound(id, 1);
        CandidatePost memory candidate = candidateOf(all(5), all(4));
        bytes[] memory signed = survivorSignatures(id, 1, 0, candidate, all(4));
        expectPostReverts(id, candidate, signed, AllianceRounds.BadCohort.selector);
        candidate = candidateOf(all(3), all(4));
        expectPostReverts(id, candidate, signed, AllianceRounds.BadCohort.selector);
        candidate = candidateOf(all(2), all(2));
        expectPostReverts(id, candidate, signed, AllianceRounds.BadCohort.selector);
        // A signature twice, of a dropped member, and for another survivor set.
        candidate = candidateOf(all(4), all(3));
        signed = survivorSignatures(id, 1, 0, candidate, all(3));
        signed[1] = signed[0];
        expectPostReverts(id, candidate, signed, AllianceFaults.BadSigner.selector);
        signed = survivorSignatures(id, 1, 0, candidate, all(4));
        expectPostReverts(id, candidate, signed, AllianceFaults.BadSigner.selector);
        signed = survivorSignatures(id, 1, 0, candidateOf(all(4), all(4)), all(3));
        expectPostReverts(id, candidate, signed, AllianceFaults.BadSigner.selector);
    }

    function expectPostReverts(uint256 id, CandidatePost memory candidate, bytes[] memory signed, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        vm.prank(aggregator);
        alliance.postCandidate(id, 1, candidate, signed);
    }

    function test_sixtyFourMembers() public {
        uint256 id = started(plan(), 64);
        alliance.openRound(id, 1);
        post(id, 1, all(64));
        for (uint256 i = 0; i < 64; i++) commit(id, 1, 0, i, -1);
        for (uint256 i = 0; i < 64; i++) reveal(id, 1, 0, i, -1);
        alliance.finalizeRound(id, 1, order(64));
        equal(roundStatus(id, 1), uint256(RoundStatus.Accepted), "accepted");
        yes(owedTo(member(63)) == owedTo(member(0)), "equal shares");
    }

    function test_stakelessAllianceCountsHeads() public {
        AllianceParams memory params = plan();
        (params.stake, params.aggregatorStake) = (0, 0);
        uint256 id = create(params);
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(member(i));
            alliance.join(id, noInvitation());
        }
        vm.prank(creator);
        alliance.start(id);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        vote(id, 1, losses3(-1, -1, 5));
        alliance.finalizeRound(id, 1, order(3));
        equal(roundStatus(id, 1), uint256(RoundStatus.Accepted), "accepted");
    }

    function test_dismissedArbiterCanStillCloseRounds() public {
        AllianceParams memory params = plan();
        params.rounds = 1;
        uint256 id = started(params, 3);
        alliance.openRound(id, 1);
        post(id, 1, all(3));
        for (uint256 i = 0; i < 3; i++) commit(id, 1, 0, i, -1);
        govern(abi.encodeCall(staking.setArbiter, (address(alliance), false)));
        vm.warp(START + 200);
        alliance.finalizeRound(id, 1, new address[](0));
        equal(owedTo(creator), POOL, "refund");
        equal(staking.locked(member(0), 0), 0, "free");
    }
}
