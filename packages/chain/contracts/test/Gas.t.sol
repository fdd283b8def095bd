// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllianceParams, CandidatePost, Round} from "../alliance/AllianceTypes.sol";
import {Rewards} from "../Rewards.sol";
import {Registry} from "../Registry.sol";
import {AllianceFixture} from "./AllianceFixture.sol";

/// @dev What whole transactions cost, kept in packages/chain/gas/*.json; each call is a transaction of its own.
/// forge-config: default.isolate = true
contract GasTest is AllianceFixture {
    function note(string memory name) private {
        vm.snapshotGasLastCall("alliance", name);
    }

    function test_gasOfRounds() public {
        measureRound(5);
        measureRound(21);
        measureRound(64);
    }

    function measureRound(uint256 count) private {
        string memory n = count == 5 ? "n=5" : count == 21 ? "n=21" : "n=64";
        AllianceParams memory params = plan();
        params.evaluatorFeeBps = 10_000;
        uint256 id = started(params, count);
        for (uint32 round = 1; round <= 2; round++) {
            string memory suffix = string.concat(round == 1 ? ", first, " : ", again, ", n);
            alliance.openRound(id, round);
            note(string.concat("openRound", suffix));
            post(id, round, all(count));
            note(string.concat("postCandidate", suffix));
            for (uint256 i = 0; i < count; i++) {
                commit(id, round, 0, i, -1);
                if (i == 1) note(string.concat("commitVote", suffix));
            }
            note(string.concat("commitVote, last", suffix));
            for (uint256 i = 0; i < count; i++) {
                reveal(id, round, 0, i, -1);
                if (i == 1) note(string.concat("revealVote", suffix));
            }
            alliance.finalizeRound(id, round, order(count));
            note(string.concat("finalizeRound", suffix));
        }
    }

    function test_gasOfMembershipAndFaults() public {
        AllianceParams memory params = plan();
        vm.prank(creator);
        uint256 id = alliance.create(params, new address[](0));
        note("create");
        for (uint256 i = 0; i < 5; i++) {
            bond(member(i), 0, STAKE);
            vm.prank(member(i));
            alliance.join(id, noInvitation());
            if (i == 1) note("join");
        }
        vm.prank(creator);
        alliance.start(id);
        alliance.openRound(id, 1);
        post(id, 1, all(5));
        bytes[] memory signed = replaySignatures(id, 1, 0, "other", all(5));
        alliance.refuteSum(id, 1, "other", signed);
        note("refuteSum, n=5");
    }

    function test_gasOfStaking() public {
        address who = address(0xabc);
        token.mint(who, 100 ether);
        vm.startPrank(who);
        token.approve(address(staking), type(uint256).max);
        staking.stake(0, 1 ether);
        vm.snapshotGasLastCall("staking", "stake, first");
        staking.stake(0, 1 ether);
        vm.snapshotGasLastCall("staking", "stake, again");
        staking.requestUnbond(who, 0, 1 ether);
        vm.snapshotGasLastCall("staking", "requestUnbond");
        vm.warp(block.timestamp + 7 days);
        staking.withdraw(0);
        vm.snapshotGasLastCall("staking", "withdraw");
        vm.stopPrank();
        staking.slash(aggregator, 2, 1, true, "proof");
        vm.snapshotGasLastCall("staking", "slash");
    }

    function setUp() public override {
        super.setUp();
        govern(abi.encodeCall(staking.setArbiter, (address(this), true)));
    }

    function test_gasOfRewards() public {
        Rewards rewards = new Rewards(token, 1, address(this));
        token.mint(address(rewards), 100 ether);
        // A path of ten siblings: a tree of about a thousand accounts.
        for (uint256 total = 1; total <= 2; total++) {
            bytes32[] memory proof = new bytes32[](10);
            bytes32 node = keccak256(bytes.concat(keccak256(abi.encode(address(0xabc), total))));
            for (uint256 i = 0; i < 10; i++) {
                proof[i] = keccak256(abi.encode(total, i));
                node = node < proof[i] ? keccak256(abi.encode(node, proof[i])) : keccak256(abi.encode(proof[i], node));
            }
            rewards.propose(rewards.activeRoot(), node, "data");
            vm.snapshotGasLastCall("rewards", total == 1 ? "propose, first" : "propose, again");
            vm.warp(block.timestamp + 1);
            rewards.claim(address(0xabc), total, node, proof);
            vm.snapshotGasLastCall("rewards", total == 1 ? "claim, first" : "claim, again");
        }
        Registry registry = new Registry();
        registry.publish("acme/support", 0, "model");
        vm.snapshotGasLastCall("registry", "publish, first");
        registry.anchor("origin", 1, "root");
        vm.snapshotGasLastCall("registry", "anchor, first");
        registry.anchor("origin", 2, "root2");
        vm.snapshotGasLastCall("registry", "anchor, again");
    }
}
