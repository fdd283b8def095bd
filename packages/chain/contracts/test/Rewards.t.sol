// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Registry} from "../Registry.sol";
import {Rewards} from "../Rewards.sol";
import {Token} from "../Token.sol";
import {ForgeTest} from "./Vm.sol";

contract RewardsTest is ForgeTest {
    Token private token;
    Rewards private rewards;
    address private constant ALICE = address(0xa);
    address private constant BOB = address(0xb);

    function setUp() public {
        vm.warp(1_800_000_000);
        token = new Token(address(this));
        rewards = new Rewards(token, 2 days, address(this));
        token.mint(address(this), 100 ether);
        token.approve(address(rewards), 100 ether);
        rewards.fund(100 ether);
    }

    function leaf(address account, uint256 total) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(account, total))));
    }

    /// @dev A tree of two leaves: the root, and the proof of the first.
    function tree(uint256 alice, uint256 bob) private pure returns (bytes32 root, bytes32[] memory proof) {
        (bytes32 a, bytes32 b) = (leaf(ALICE, alice), leaf(BOB, bob));
        root = a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
        proof = new bytes32[](1);
        proof[0] = b;
    }

    function activate(uint256 alice, uint256 bob) private returns (bytes32 root, bytes32[] memory proof) {
        (root, proof) = tree(alice, bob);
        rewards.propose(rewards.activeRoot(), root, "data");
        vm.warp(block.timestamp + 2 days);
    }

    function test_claimsAreCumulative() public {
        (bytes32 root, bytes32[] memory proof) = activate(10 ether, 5 ether);
        rewards.claim(ALICE, 10 ether, root, proof);
        vm.expectPartialRevert(Rewards.NothingToClaim.selector);
        rewards.claim(ALICE, 10 ether, root, proof);
        (root, proof) = activate(25 ether, 5 ether);
        rewards.claim(ALICE, 25 ether, root, proof);
        equal(token.balanceOf(ALICE), 25 ether, "in total");
    }

    function test_rootWaitsAndCanBeVetoed() public {
        (bytes32 root, bytes32[] memory proof) = tree(10 ether, 5 ether);
        rewards.propose(0, root, "data");
        vm.expectPartialRevert(Rewards.UnexpectedRoot.selector);
        rewards.claim(ALICE, 10 ether, root, proof);
        vm.expectPartialRevert(Rewards.RootPending.selector);
        rewards.propose(0, "other", "data");
        rewards.veto();
        vm.warp(block.timestamp + 2 days);
        equal(rewards.activeRoot(), bytes32(0), "vetoed");
        vm.expectRevert(Rewards.NothingToVeto.selector);
        rewards.veto();
    }

    function test_vetoComesTooLateForActiveRoot() public {
        activate(1, 1);
        vm.expectRevert(Rewards.NothingToVeto.selector);
        rewards.veto();
    }

    function test_expectedRootGuardsAgainstRaces() public {
        (bytes32 first, bytes32[] memory proof) = activate(10 ether, 5 ether);
        vm.expectPartialRevert(Rewards.UnexpectedRoot.selector);
        rewards.propose(0, "computed from the old one", "data");
        activate(11 ether, 5 ether);
        vm.expectPartialRevert(Rewards.UnexpectedRoot.selector);
        rewards.claim(ALICE, 10 ether, first, proof);
    }

    function testFuzz_onlyTheTreesOwnTotals(uint256 total) public {
        vm.assume(total != 10 ether);
        (bytes32 root, bytes32[] memory proof) = activate(10 ether, 5 ether);
        vm.expectRevert(Rewards.BadProof.selector);
        rewards.claim(ALICE, total, root, proof);
    }

    function test_onlyRolesProposeAndVeto() public {
        vm.startPrank(ALICE);
        vm.expectRevert();
        rewards.propose(0, "root", "data");
        vm.expectRevert();
        rewards.veto();
        vm.stopPrank();
    }
}

contract RegistryTest is ForgeTest {
    Registry private registry = new Registry();
    address private constant OTHER = address(0xb);

    function test_nameBelongsToItsFirstPublisher() public {
        registry.publish("acme/support-1.5b", 0, "one");
        registry.publish("acme/support-1.5b", 1, "two");
        Registry.Entry memory entry = registry.entryOf("acme/support-1.5b");
        equal(entry.model, bytes32("two"), "newest");
        equal(entry.version, 2, "version");
        vm.expectPartialRevert(Registry.UnexpectedVersion.selector);
        registry.publish("acme/support-1.5b", 1, "three");
        vm.startPrank(OTHER);
        vm.expectPartialRevert(Registry.NotPublisher.selector);
        registry.publish("acme/support-1.5b", 2, "mine");
        vm.expectPartialRevert(Registry.NotPublisher.selector);
        registry.transferName("acme/support-1.5b", OTHER);
        vm.stopPrank();
        registry.transferName("acme/support-1.5b", OTHER);
        vm.prank(OTHER);
        registry.publish("acme/support-1.5b", 2, "mine");
    }

    function test_badNames() public {
        string[4] memory names = ["", "Acme", "a b", unicode"ä"];
        for (uint256 i = 0; i < names.length; i++) {
            vm.expectRevert(Registry.BadName.selector);
            registry.publish(names[i], 0, "model");
        }
        vm.expectRevert(Registry.BadName.selector);
        registry.publish(string(new bytes(97)), 0, "model");
    }

    function testFuzz_anchorsOnlyGrow(uint64 first, uint64 second) public {
        vm.assume(first > 0);
        registry.anchor("origin", first, "root");
        if (second <= first) vm.expectPartialRevert(Registry.NotLarger.selector);
        registry.anchor("origin", second, "root2");
        equal(registry.anchorOf(address(this), "origin").size, second > first ? second : first, "size");
        vm.prank(OTHER);
        registry.anchor("origin", 1, "its own");
    }
}
