// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllianceParams, AllianceState, AllianceStatus, Candidate, Message, Round, RoundStatus} from "../alliance/AllianceTypes.sol";
import {AllianceFixture} from "./AllianceFixture.sol";

/// @dev Does what parties may do, and what they may not, in any order. Calls that are refused change nothing.
contract Parties is AllianceFixture {
    uint256 public constant MEMBERS = 6;
    uint256 public id;
    /// @notice Accounts that committed a fault which the contract can prove.
    mapping(address account => bool) public isGuilty;
    uint256 public paidIn;
    uint256 public paidOut;
    bool public broken;
    string public how;
    uint256 private _status;
    uint256 private _attempt;
    uint32 private _round;
    mapping(uint256 index => int64) private _losses;

    function setUp() public override {
        super.setUp();
        AllianceParams memory params = plan();
        params.rounds = 4;
        params.toleranceMicroNats = 50;
        id = started(params, MEMBERS);
        paidIn = POOL;
    }

    modifier ordered() {
        _;
        AllianceState memory state = stateOf(id);
        (Round memory current,) = alliance.getRound(id, state.round);
        uint256 status = uint256(current.status);
        if (state.round == _round) {
            bool back = status < _status && !(status == uint256(RoundStatus.Open) && current.attempt == _attempt + 1);
            if (back) fail("a round went back");
            if (_status >= uint256(RoundStatus.Accepted) && status != _status) fail("a closed round changed");
        } else {
            if (state.round != _round + 1) fail("a round was skipped");
            if (_round > 0 && _status < uint256(RoundStatus.Accepted)) fail("two rounds open");
        }
        (_round, _status, _attempt) = (state.round, status, current.attempt);
    }

    function passTime(uint256 secondsLater) external ordered {
        vm.warp(block.timestamp + bound(secondsLater, 1, 400));
    }

    function open(uint256) external ordered {
        attempt(address(this), abi.encodeCall(alliance.openRound, (id, stateOf(id).round + 1)));
    }

    function postSum(uint64 survivors) external ordered {
        (Round memory current,) = alliance.getRound(id, _round);
        if (current.status != RoundStatus.Open || block.timestamp >= current.deadline) return;
        if (staking.bondOf(aggregator, 2) < STAKE) bond(aggregator, 2, STAKE);
        survivors = survivors & current.members;
        uint256 n = count(current.members);
        if (n < 3) return;
        if (count(survivors) < (n + n / 3) / 2 + 1) survivors = current.members;
        post(id, _round, survivors);
    }

    function voteCommit(uint256 index, int64 loss) external ordered {
        index = bound(index, 0, MEMBERS - 1);
        (Round memory current,) = alliance.getRound(id, _round);
        loss = loss % 100;
        bytes32 commitment =
            keccak256(abi.encode(id, _round, uint32(current.attempt), member(index), loss, bytes32(index)));
        if (attempt(member(index), abi.encodeCall(alliance.commitVote, (id, _round, current.attempt, commitment)))) {
            _losses[index] = loss;
        }
    }

    function voteReveal(uint256 index) external ordered {
        index = bound(index, 0, MEMBERS - 1);
        (Round memory current,) = alliance.getRound(id, _round);
        attempt(
            member(index),
            abi.encodeCall(alliance.revealVote, (id, _round, current.attempt, _losses[index], bytes32(index)))
        );
    }

    /// @dev Chance alone seldom gets a round to its end: this goes as far as the seed says, by the others' moves.
    function playRound(uint256 seed) external {
        this.open(0);
        if (seed % 8 == 0) return;
        this.postSum(type(uint64).max);
        uint256 voters = seed % 8 == 1 ? MEMBERS - 1 : MEMBERS;
        for (uint256 i = 0; i < voters; i++) this.voteCommit(i, int64(uint64(seed >> (8 * i))));
        if (voters < MEMBERS) this.passTime(299);
        for (uint256 i = 0; i < MEMBERS - (seed % 8 == 2 ? 1 : 0); i++) this.voteReveal(i);
        if (seed % 8 == 2) this.passTime(399);
        this.finalize(0);
    }

    function finalize(uint256) external ordered {
        (Round memory current,) = alliance.getRound(id, _round);
        uint64 silent = current.committed & ~current.revealed;
        if (attempt(address(this), abi.encodeCall(alliance.finalizeRound, (id, _round, byLoss(current.revealed))))) {
            for (uint256 i = 0; i < MEMBERS; i++) if (silent >> i & 1 == 1) isGuilty[member(i)] = true;
        }
    }

    function fail(uint256) external ordered {
        attempt(address(this), abi.encodeCall(alliance.failRound, (id, _round)));
    }

    function refute(uint256 dice) external ordered {
        (Round memory current,) = alliance.getRound(id, _round);
        if (dice % 4 != 0 || current.status != RoundStatus.Voting) return;
        bytes[] memory signed = replaySignatures(id, _round, current.attempt, "other", survivorsNow());
        if (attempt(address(this), abi.encodeCall(alliance.refuteSum, (id, _round, "other", signed)))) {
            isGuilty[aggregator] = true;
        }
    }

    function equivocate(uint256 index, uint256 dice) external ordered {
        if (dice % 8 != 0) return;
        index = bound(index, 0, MEMBERS - 1);
        Message memory a = Message(id, _round, 0, "round/keys/1", bytes32(dice));
        Message memory b = Message(id, _round, 0, "round/keys/1", bytes32(dice + 1));
        bytes memory call_ = abi.encodeCall(
            alliance.reportEquivocation, (a, sign(MEMBER_KEY + index, a), b, sign(MEMBER_KEY + index, b))
        );
        if (attempt(aggregator, call_)) isGuilty[member(index)] = true;
    }

    function leave(uint256 index, uint256 dice) external ordered {
        if (dice % 4 == 0) attempt(member(bound(index, 0, MEMBERS - 1)), abi.encodeCall(alliance.leaveAlliance, (id)));
    }

    function comeBack(uint256 index) external ordered {
        attempt(member(bound(index, 0, MEMBERS - 1)), abi.encodeCall(alliance.join, (id, noInvitation())));
    }

    function pause(bool paused) external ordered {
        attempt(creator, abi.encodeCall(alliance.setPaused, (id, paused)));
    }

    function cancel(uint256 dice) external ordered {
        if (dice % 16 == 0) attempt(creator, abi.encodeCall(alliance.cancel, (id)));
    }

    function stranger(uint256 which, uint256 index) external ordered {
        address who = which % 2 == 0 ? address(0xbad) : member(bound(index, 0, MEMBERS - 1));
        bytes[4] memory calls = [
            abi.encodeCall(alliance.cancel, (id)),
            abi.encodeCall(alliance.start, (id)),
            abi.encodeCall(alliance.setPaused, (id, true)),
            abi.encodeCall(alliance.revokeInvitation, (id, bytes32(which)))
        ];
        if (attempt(who, calls[which % 4])) broken = true;
    }

    function takePay(uint256 index) public ordered {
        address who = index % 7 == 6 ? creator : member(bound(index, 0, MEMBERS - 1));
        uint256 before = token.balanceOf(who);
        attempt(who, abi.encodeCall(alliance.withdraw, (address(token))));
        paidOut += token.balanceOf(who) - before;
    }

    /// @dev Whatever state things are in, everybody gets out what is theirs.
    function windUp() external {
        vm.warp(block.timestamp + 10_000);
        (Round memory current,) = alliance.getRound(id, _round);
        if (current.status == RoundStatus.Voting) alliance.finalizeRound(id, _round, byLoss(current.revealed));
        if (current.status == RoundStatus.Open) alliance.failRound(id, _round);
        if (stateOf(id).status == AllianceStatus.Active) {
            vm.prank(creator);
            alliance.cancel(id);
        }
        for (uint256 i = 0; i < 7; i++) takePay(i);
        equal(token.balanceOf(address(alliance)), 0, "no stuck escrow");
        for (uint256 i = 0; i < MEMBERS; i++) {
            equal(staking.locked(member(i), 0), 0, "no stuck lock");
            uint256 own = staking.ownStakeOf(member(i), 0);
            if (own == 0) continue;
            vm.prank(member(i));
            staking.requestUnbond(member(i), 0, own);
        }
    }

    function held() external view returns (uint256 sum) {
        sum = stateOf(id).remaining + alliance.owed(address(token), creator);
        for (uint256 i = 0; i < MEMBERS; i++) sum += alliance.owed(address(token), member(i));
    }

    function escrow() external view returns (uint256) {
        return token.balanceOf(address(alliance));
    }

    function bonds() external view returns (uint256 held_, uint256 accounted) {
        held_ = token.balanceOf(address(staking));
        accounted = staking.collectable() + assetsOf(aggregator, 2);
        for (uint256 i = 0; i < MEMBERS; i++) accounted += assetsOf(member(i), 0);
    }

    function innocentLost() external view returns (bool) {
        for (uint256 i = 0; i < MEMBERS; i++) {
            if (!isGuilty[member(i)] && staking.ownStakeOf(member(i), 0) != STAKE) return true;
        }
        return !isGuilty[aggregator] && staking.bondOf(aggregator, 2) < STAKE;
    }

    function locksMatch() external view returns (bool) {
        uint64 active = stateOf(id).members;
        for (uint256 i = 0; i < MEMBERS; i++) {
            if (staking.locked(member(i), 0) != (active >> i & 1 == 1 ? STAKE : 0)) return false;
        }
        return true;
    }

    function attempt(address who, bytes memory call_) private returns (bool passed) {
        vm.prank(who);
        (passed,) = address(alliance).call(call_);
    }

    function fail(string memory reason) private {
        (broken, how) = (true, reason);
    }

    function assetsOf(address account, uint8 role) private view returns (uint256) {
        (uint112 active,,) = staking.active(account, role);
        (uint112 leaving,,) = staking.unbonding(account, role);
        return uint256(active) + leaving;
    }

    function survivorsNow() private view returns (uint64) {
        (, Candidate memory candidate) = alliance.getRound(id, _round);
        return candidate.survivors;
    }

    function byLoss(uint64 revealed) private view returns (address[] memory list) {
        list = new address[](count(revealed));
        uint256[] memory indices = new uint256[](list.length);
        uint256 n = 0;
        for (uint256 i = 0; i < MEMBERS; i++) {
            if (revealed >> i & 1 == 0) continue;
            uint256 j = n++;
            for (; j > 0 && _losses[indices[j - 1]] > _losses[i]; j--) indices[j] = indices[j - 1];
            indices[j] = i;
        }
        for (uint256 i = 0; i < n; i++) list[i] = member(indices[i]);
    }

    function count(uint64 bitmap) private pure returns (uint256 n) {
        for (uint256 i = 0; i < 64; i++) n += bitmap >> i & 1;
    }
}

contract AllianceInvariantTest is AllianceFixture {
    Parties private parties;

    function setUp() public override {
        parties = new Parties();
        parties.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(parties);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Only the parties' moves, not the fixture's own functions.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory moves = new bytes4[](15);
        moves[0] = Parties.passTime.selector;
        moves[1] = Parties.open.selector;
        moves[2] = Parties.postSum.selector;
        moves[3] = Parties.voteCommit.selector;
        moves[4] = Parties.voteReveal.selector;
        moves[5] = Parties.finalize.selector;
        moves[6] = bytes4(keccak256("fail(uint256)"));
        moves[7] = Parties.refute.selector;
        moves[8] = Parties.equivocate.selector;
        moves[9] = Parties.leave.selector;
        moves[10] = Parties.comeBack.selector;
        moves[11] = Parties.pause.selector;
        moves[12] = Parties.stranger.selector;
        moves[13] = Parties.takePay.selector;
        moves[14] = Parties.playRound.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(parties), moves);
    }

    /// @dev One function, since forge plays every sequence again for each.
    function invariant_moneyPhasesAndFaults() public view {
        equal(parties.escrow(), parties.held(), "escrow is accounted for");
        equal(parties.paidIn(), parties.paidOut() + parties.held(), "paid in = paid out + held");
        (uint256 held, uint256 accounted) = parties.bonds();
        equal(held, accounted, "bonds are accounted for");
        yes(parties.locksMatch(), "locks are those of active members");
        yes(!parties.innocentLost(), "an innocent lost money");
        yes(!parties.broken(), parties.how());
    }

    function afterInvariant() public {
        parties.windUp();
    }
}
