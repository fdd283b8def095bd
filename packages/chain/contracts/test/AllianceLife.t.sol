// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllianceBase} from "../alliance/AllianceBase.sol";
import {AllianceMembership} from "../alliance/AllianceMembership.sol";
import {AllianceParams, AllianceStatus, Invitation, JoinMode, MemberState, RoundStatus} from "../alliance/AllianceTypes.sol";
import {Staking} from "../Staking.sol";
import {Token} from "../Token.sol";
import {AllianceFixture} from "./AllianceFixture.sol";

/// @dev Takes one per cent of every transfer.
contract FeeToken is Token {
    constructor() Token(msg.sender) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        super._update(from, address(1), value / 100);
        super._update(from, to, value - value / 100);
    }
}

/// @dev Calls back into the contract that pays it.
contract ReentrantToken is Token {
    address private _target;
    bytes private _call;

    constructor() Token(msg.sender) {}

    function arm(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_target == address(0)) return;
        (bool passed,) = _target.call(_call);
        require(!passed, "the guard let a second call in");
    }
}

contract AllianceLifeTest is AllianceFixture {
    function test_createTakesPoolIntoEscrowOncePerPlan() public {
        AllianceParams memory params = plan();
        uint256 id = create(params);
        equal(token.balanceOf(address(alliance)), POOL, "escrow");
        equal(alliance.allianceOf(creator, params.planDigest), id, "found by plan");
        vm.expectPartialRevert(AllianceMembership.AlreadyCreated.selector);
        create(params);
    }

    function test_createRefusesBadParameters() public {
        for (uint256 i = 0; i < 9; i++) {
            AllianceParams memory params = plan();
            if (i == 0) params.rounds = 0;
            if (i == 1) params.minMembers = 0;
            if (i == 2) (params.minMembers, params.maxMembers) = (5, 4);
            if (i == 3) params.maxMembers = 65;
            if (i == 4) params.evaluatorFeeBps = 10_001;
            if (i == 5) params.unrevealedPenaltyBps = 10_001;
            if (i == 6) params.candidateSeconds = 0;
            if (i == 7) params.revealSeconds = 31 days;
            if (i == 8) params.planDigest = 0;
            vm.expectRevert(AllianceMembership.BadParameters.selector);
            create(params);
        }
    }

    function test_createRefusesTokenThatTakesFees() public {
        FeeToken cheat = new FeeToken();
        cheat.mint(creator, POOL);
        vm.prank(creator);
        cheat.approve(address(alliance), POOL);
        AllianceParams memory params = plan();
        params.token = address(cheat);
        vm.expectPartialRevert(AllianceMembership.PoolNotReceived.selector);
        create(params);
    }

    function test_hostileTokenCannotReenter() public {
        ReentrantToken hostile = new ReentrantToken();
        hostile.mint(creator, POOL);
        vm.prank(creator);
        hostile.approve(address(alliance), POOL);
        AllianceParams memory params = plan();
        params.token = address(hostile);
        uint256 id = create(params);
        vm.prank(creator);
        alliance.cancel(id);
        hostile.arm(address(alliance), abi.encodeCall(alliance.withdraw, (address(hostile))));
        vm.prank(creator);
        equal(alliance.withdraw(address(hostile)), POOL, "paid once");
    }

    function test_joinLocksBondUntilLeave() public {
        uint256 id = create(plan());
        enter(id, 0);
        address who = member(0);
        equal(staking.locked(who, 0), STAKE, "locked");
        vm.expectPartialRevert(Staking.InsufficientBond.selector);
        vm.prank(who);
        staking.requestUnbond(who, 0, 1 ether);
        vm.prank(who);
        alliance.leaveAlliance(id);
        equal(staking.locked(who, 0), 0, "free");
        vm.prank(who);
        staking.requestUnbond(who, 0, STAKE);
    }

    function test_joinNeedsBond() public {
        uint256 id = create(plan());
        vm.expectPartialRevert(Staking.InsufficientBond.selector);
        vm.prank(member(0));
        alliance.join(id, noInvitation());
    }

    function test_oneBondServesOneAlliance() public {
        uint256 first = create(plan());
        uint256 second = create(plan());
        enter(first, 0);
        vm.expectPartialRevert(Staking.InsufficientBond.selector);
        vm.prank(member(0));
        alliance.join(second, noInvitation());
    }

    function test_memberKeepsIndexWhenItComesBack() public {
        uint256 id = create(plan());
        for (uint256 i = 0; i < 3; i++) enter(id, i);
        vm.startPrank(member(1));
        alliance.leaveAlliance(id);
        equal(alliance.join(id, noInvitation()), 1, "same index");
        vm.stopPrank();
        equal(alliance.members(id).length, 3, "no new entry");
    }

    function test_maxMembers() public {
        AllianceParams memory params = plan();
        params.maxMembers = 3;
        uint256 id = create(params);
        for (uint256 i = 0; i < 3; i++) enter(id, i);
        bond(member(3), 0, STAKE);
        vm.expectPartialRevert(AllianceMembership.TooManyMembers.selector);
        vm.prank(member(3));
        alliance.join(id, noInvitation());
    }

    function test_allowList() public {
        AllianceParams memory params = plan();
        params.joinMode = JoinMode.AllowList;
        address[] memory list = order(1);
        vm.prank(creator);
        uint256 id = alliance.create(params, list);
        enter(id, 0);
        bond(member(1), 0, STAKE);
        vm.expectPartialRevert(AllianceMembership.NotAllowed.selector);
        vm.prank(member(1));
        alliance.join(id, noInvitation());
    }

    function test_invitationServesOnceAndOnlyItsInvitee() public {
        AllianceParams memory params = plan();
        params.joinMode = JoinMode.Invitation;
        uint256 id = create(params);
        for (uint256 i = 0; i < 3; i++) bond(member(i), 0, STAKE);
        Invitation memory named = invite(creatorKey, id, member(0), "n1", START + 10);
        vm.expectPartialRevert(AllianceMembership.NotAllowed.selector);
        vm.prank(member(1));
        alliance.join(id, named);
        vm.prank(member(0));
        alliance.join(id, named);

        Invitation memory bearer = invite(creatorKey, id, address(0), "n2", START + 10);
        vm.prank(member(1));
        alliance.join(id, bearer);
        vm.expectPartialRevert(AllianceMembership.InvitationUsed.selector);
        vm.prank(member(2));
        alliance.join(id, bearer);
    }

    function test_invitationForgedExpiredRevokedOrOfAnotherAlliance() public {
        AllianceParams memory params = plan();
        params.joinMode = JoinMode.Invitation;
        uint256 id = create(params);
        bond(member(0), 0, STAKE);
        vm.startPrank(member(0));
        Invitation memory forged = invite(MEMBER_KEY, id, member(0), "n1", START + 10);
        vm.expectPartialRevert(AllianceMembership.BadInvitation.selector);
        alliance.join(id, forged);
        Invitation memory foreign = invite(creatorKey, id + 1, member(0), "n1", START + 10);
        vm.expectPartialRevert(AllianceMembership.BadInvitation.selector);
        alliance.join(id, foreign);
        Invitation memory late = invite(creatorKey, id, member(0), "n1", START);
        vm.expectPartialRevert(AllianceMembership.InvitationExpired.selector);
        alliance.join(id, late);
        vm.stopPrank();
        vm.prank(creator);
        alliance.revokeInvitation(id, "n2");
        Invitation memory revoked = invite(creatorKey, id, member(0), "n2", START + 10);
        vm.expectPartialRevert(AllianceMembership.InvitationUsed.selector);
        vm.prank(member(0));
        alliance.join(id, revoked);
    }

    function test_startNeedsCreatorAndMembers() public {
        uint256 id = create(plan());
        enter(id, 0);
        vm.expectPartialRevert(AllianceBase.TooFewMembers.selector);
        vm.prank(creator);
        alliance.start(id);
        vm.expectPartialRevert(AllianceBase.NotCreator.selector);
        alliance.start(id);
    }

    function test_cancelRefundsAndFreesBonds() public {
        uint256 id = started(plan(), 3);
        vm.prank(creator);
        alliance.cancel(id);
        equal(alliance.owed(address(token), creator), POOL, "refund");
        for (uint256 i = 0; i < 3; i++) equal(staking.locked(member(i), 0), 0, "free");
        equal(uint256(stateOf(id).status), uint256(AllianceStatus.Cancelled), "cancelled");
        vm.expectPartialRevert(AllianceBase.WrongStatus.selector);
        alliance.openRound(id, 1);
    }

    function test_cancelAndLeaveOnlyBetweenRounds() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        vm.expectPartialRevert(AllianceBase.RoundInProgress.selector);
        vm.prank(creator);
        alliance.cancel(id);
        vm.expectPartialRevert(AllianceBase.RoundInProgress.selector);
        vm.prank(member(0));
        alliance.leaveAlliance(id);
    }

    function test_pauseKeepsRoundsFromOpeningAndNothingElse() public {
        uint256 id = started(plan(), 4);
        alliance.openRound(id, 1);
        vm.prank(creator);
        alliance.setPaused(id, true);
        post(id, 1, all(4));
        vm.warp(START + 500);
        alliance.finalizeRound(id, 1, new address[](0));
        vm.expectPartialRevert(AllianceBase.IsPaused.selector);
        alliance.openRound(id, 2);
        vm.prank(member(3));
        alliance.leaveAlliance(id);
        equal(token.balanceOf(address(alliance)), POOL, "a pause moves nothing");
        vm.prank(creator);
        alliance.setPaused(id, false);
        alliance.openRound(id, 2);
    }

    function test_memberThatJoinsDuringRoundWaitsForNext() public {
        uint256 id = started(plan(), 3);
        alliance.openRound(id, 1);
        enter(id, 3);
        post(id, 1, all(3));
        vm.expectPartialRevert(AllianceBase.NotMember.selector);
        commit(id, 1, 0, 3, 0);
        vote(id, 1, losses3(-3, -2, -1));
        alliance.finalizeRound(id, 1, order(3));
        alliance.openRound(id, 2);
        post(id, 2, all(4));
        commit(id, 2, 0, 3, 0);
    }
}
