// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Staking} from "../Staking.sol";
import {StakingParameters} from "../StakingParameters.sol";
import {Token} from "../Token.sol";
import {ForgeTest} from "./Vm.sol";

contract StakingTest is ForgeTest {
    Token private token;
    Staking private staking;
    address private constant OPERATOR = address(0x0b);
    address private constant DELEGATOR = address(0xde);
    uint8 private constant ROLE = 0;

    function setUp() public {
        vm.warp(1_800_000_000);
        token = new Token(address(this));
        staking = new Staking(token, address(this));
        govern(abi.encodeCall(staking.setArbiter, (address(this), true)));
        for (uint160 i = 0; i < 2; i++) {
            address account = i == 0 ? OPERATOR : DELEGATOR;
            token.mint(account, 1e30);
            vm.prank(account);
            token.approve(address(staking), type(uint256).max);
        }
    }

    function govern(bytes memory call_) private {
        staking.schedule(call_);
        staking.execute(call_);
    }

    function stake(uint256 amount) private {
        vm.prank(OPERATOR);
        staking.stake(ROLE, amount);
    }

    function delegate(uint256 amount) private {
        vm.prank(DELEGATOR);
        staking.delegate(OPERATOR, ROLE, amount);
    }

    function test_withdrawAfterDelay() public {
        stake(10 ether);
        vm.startPrank(OPERATOR);
        staking.requestUnbond(OPERATOR, ROLE, 4 ether);
        equal(staking.bondOf(OPERATOR, ROLE), 6 ether, "active");
        vm.expectPartialRevert(Staking.StillUnbonding.selector);
        staking.withdraw(0);
        vm.warp(block.timestamp + 7 days);
        equal(staking.withdraw(0), 4 ether, "paid");
        vm.expectPartialRevert(Staking.UnknownRequest.selector);
        staking.withdraw(0);
        vm.expectPartialRevert(Staking.UnknownRequest.selector);
        staking.withdraw(1);
        vm.stopPrank();
    }

    function test_slashHitsActiveAndUnbondingAlike() public {
        stake(60 ether);
        delegate(40 ether);
        vm.prank(DELEGATOR);
        staking.requestUnbond(OPERATOR, ROLE, 40 ether);
        equal(staking.slash(OPERATOR, ROLE, 50 ether, false, "proof"), 50 ether, "taken");
        equal(staking.bondOf(OPERATOR, ROLE), 30 ether, "active half");
        equal(staking.requestValue(DELEGATOR, 0), 20 ether, "unbonding half");
        equal(staking.collectable(), 50 ether, "collectable");
        staking.collectSlashed();
        equal(token.balanceOf(address(this)), 50 ether, "to the recipient");
    }

    function test_slashOfEverythingVoidsSharesAndLetsThePoolLiveOn() public {
        stake(10 ether);
        delegate(10 ether);
        vm.prank(DELEGATOR);
        staking.requestUnbond(OPERATOR, ROLE, 5 ether);
        equal(staking.slash(OPERATOR, ROLE, 100 ether, false, "proof"), 20 ether, "no more than there is");
        equal(staking.ownStakeOf(OPERATOR, ROLE), 0, "void");
        stake(3 ether);
        equal(staking.ownStakeOf(OPERATOR, ROLE), 3 ether, "new stake is its own");
        equal(staking.delegationOf(OPERATOR, ROLE, DELEGATOR), 0, "old shares stay void");
        vm.warp(block.timestamp + 7 days);
        vm.prank(DELEGATOR);
        equal(staking.withdraw(0), 0, "nothing left");
    }

    function test_rewardIsSharedAndFirstDepositorCannotInflate() public {
        stake(1);
        vm.prank(OPERATOR);
        staking.reward(OPERATOR, ROLE, 1 ether);
        delegate(1.5 ether);
        yes(staking.delegationOf(OPERATOR, ROLE, DELEGATOR) > 1.49 ether, "rounding costs little");
    }

    function test_lockBindsOnlyTheOperatorsOwnStake() public {
        stake(10 ether);
        delegate(10 ether);
        vm.expectPartialRevert(Staking.InsufficientBond.selector);
        staking.lock(OPERATOR, ROLE, 11 ether);
        staking.lock(OPERATOR, ROLE, 10 ether);
        vm.prank(DELEGATOR);
        staking.requestUnbond(OPERATOR, ROLE, 10 ether);
        vm.expectPartialRevert(Staking.InsufficientBond.selector);
        vm.prank(OPERATOR);
        staking.requestUnbond(OPERATOR, ROLE, 1);
        vm.expectPartialRevert(Staking.UnlockExceedsLock.selector);
        staking.unlock(OPERATOR, ROLE, 11 ether);
        staking.unlock(OPERATOR, ROLE, 10 ether);
        vm.prank(OPERATOR);
        staking.requestUnbond(OPERATOR, ROLE, 10 ether);
    }

    function test_onlyArbitersLockAndSlash() public {
        stake(10 ether);
        vm.startPrank(DELEGATOR);
        vm.expectPartialRevert(Staking.NotArbiter.selector);
        staking.slash(OPERATOR, ROLE, 1, false, "proof");
        vm.expectPartialRevert(Staking.NotArbiter.selector);
        staking.lock(OPERATOR, ROLE, 1);
        vm.stopPrank();
    }

    function test_correlatedFaultsCostMore() public {
        stake(100 ether);
        delegate(100 ether);
        equal(staking.slash(OPERATOR, ROLE, 20 ether, true, "a"), 20 ether, "a lone fault costs its price");
        // 20 of 180 bonded were slashed: 10 + 10 * 3 * 20 / 180.
        equal(staking.slash(OPERATOR, ROLE, 9 ether, true, "b"), 12 ether, "the next one more");
        vm.warp(block.timestamp + 2 days);
        equal(staking.slash(OPERATOR, ROLE, 9 ether, true, "c"), 9 ether, "forgotten later");
    }

    function test_parametersWaitForTheirDelay() public {
        bytes memory change = abi.encodeCall(staking.setParameters, (1 days, 3 days, 1 days, 2, OPERATOR));
        govern(change);
        equal(staking.unbondSeconds(), 1 days, "at once while there is no delay");
        bytes memory arbiter = abi.encodeCall(staking.setArbiter, (DELEGATOR, true));
        staking.schedule(arbiter);
        vm.expectPartialRevert(StakingParameters.TooEarly.selector);
        staking.execute(arbiter);
        vm.warp(block.timestamp + 3 days);
        vm.prank(DELEGATOR);
        staking.execute(arbiter);
        yes(staking.isArbiter(DELEGATOR), "executed by anybody");
        vm.expectPartialRevert(StakingParameters.NotScheduled.selector);
        staking.execute(arbiter);
        vm.expectRevert(StakingParameters.OnlyBySchedule.selector);
        staking.setArbiter(OPERATOR, true);
        vm.prank(OPERATOR);
        vm.expectRevert();
        staking.schedule(arbiter);
    }

    function test_parametersOutOfRangeAndUnscheduled() public {
        bytes memory tooLong = abi.encodeCall(staking.setParameters, (61 days, 0, 1 days, 2, OPERATOR));
        staking.schedule(tooLong);
        vm.expectRevert(StakingParameters.ParameterOutOfRange.selector);
        staking.execute(tooLong);
        staking.unschedule(keccak256(tooLong));
        vm.expectPartialRevert(StakingParameters.NotScheduled.selector);
        staking.execute(tooLong);
    }

    function test_pauseStopsStakesAndNothingElse() public {
        stake(10 ether);
        staking.pause();
        vm.startPrank(OPERATOR);
        vm.expectRevert();
        staking.stake(ROLE, 1);
        staking.requestUnbond(OPERATOR, ROLE, 10 ether);
        vm.warp(block.timestamp + 7 days);
        equal(staking.withdraw(0), 10 ether, "money gets out");
        vm.stopPrank();
    }

    function test_permitThatSomebodyElseUsedDoesNoHarm() public {
        uint256 key = 99;
        address owner = vm.addr(key);
        token.mint(owner, 5 ether);
        bytes32 permit = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                address(staking),
                5 ether,
                0,
                block.timestamp
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), permit)));
        token.permit(owner, address(staking), 5 ether, block.timestamp, v, r, s);
        vm.prank(owner);
        staking.stakeWithPermit(ROLE, 5 ether, block.timestamp, v, r, s);
        equal(staking.bondOf(owner, ROLE), 5 ether, "staked");
    }

    function testFuzz_shareArithmeticNeverMakesMoney(uint96 own, uint96 delegated, uint96 cut, uint96 added) public {
        uint256 a = bound(own, 1, 1e27);
        uint256 b = bound(delegated, 1, 1e27);
        stake(a);
        delegate(b);
        uint256 slashed = staking.slash(OPERATOR, ROLE, bound(cut, 0, a + b), false, "proof");
        uint256 held = a + b - slashed;
        uint256 claims = staking.ownStakeOf(OPERATOR, ROLE) + staking.delegationOf(OPERATOR, ROLE, DELEGATOR);
        yes(claims <= held, "claims are covered");
        if (slashed == a + b) return;
        uint256 c = bound(added, 1, 1e27);
        uint256 before = staking.ownStakeOf(OPERATOR, ROLE);
        delegate(c);
        yes(staking.ownStakeOf(OPERATOR, ROLE) >= before, "others' deposits take nothing away");
        claims = staking.ownStakeOf(OPERATOR, ROLE) + staking.delegationOf(OPERATOR, ROLE, DELEGATOR);
        yes(claims <= held + c, "claims are covered");
    }
}
