// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Alliance} from "../Alliance.sol";
import {
    AllianceParams,
    AllianceState,
    AllianceStatus,
    Candidate,
    CandidatePost,
    Invitation,
    JoinMode,
    Message,
    Round,
    RoundStatus
} from "../alliance/AllianceTypes.sol";
import {IStaking} from "../alliance/IStaking.sol";
import {Staking} from "../Staking.sol";
import {Token} from "../Token.sol";
import {ForgeTest} from "./Vm.sol";

/// @dev A deployment with a creator, an aggregator and as many members as a test wants, all with keys.
abstract contract AllianceFixture is ForgeTest {
    uint256 internal constant STAKE = 100 ether;
    uint256 internal constant POOL = 900 ether;
    uint256 internal constant MEMBER_KEY = 1000;
    uint64 internal constant START = 1_800_000_000;

    Token internal token;
    Staking internal staking;
    Alliance internal alliance;
    address internal creator;
    uint256 internal creatorKey = 7;
    address internal aggregator = address(0xA66);
    uint256 internal plans;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant MESSAGE_TYPEHASH =
        keccak256("Message(uint256 alliance,uint32 round,uint32 attempt,string kind,bytes32 body)");
    bytes32 private constant INVITATION_TYPEHASH =
        keccak256("Invitation(uint256 alliance,address invitee,bytes32 nonce,uint64 expiry)");

    function setUp() public virtual {
        vm.warp(START);
        creator = vm.addr(creatorKey);
        token = new Token(address(this));
        staking = new Staking(token, address(this));
        alliance = new Alliance(IStaking(address(staking)));
        govern(abi.encodeCall(staking.setArbiter, (address(alliance), true)));
        bond(aggregator, 2, STAKE);
        token.mint(creator, 100 * POOL);
        vm.prank(creator);
        token.approve(address(alliance), type(uint256).max);
    }

    function govern(bytes memory call_) internal {
        staking.schedule(call_);
        staking.execute(call_);
    }

    function bond(address account, uint8 role, uint256 amount) internal {
        token.mint(account, amount);
        vm.startPrank(account);
        token.approve(address(staking), amount);
        staking.stake(role, amount);
        vm.stopPrank();
    }

    function member(uint256 index) internal pure returns (address) {
        return vm.addr(MEMBER_KEY + index);
    }

    function plan() internal returns (AllianceParams memory params) {
        params.planDigest = bytes32(++plans);
        params.initialModel = bytes32("base");
        params.token = address(token);
        params.pool = uint128(POOL);
        params.stake = uint128(STAKE);
        params.aggregatorStake = uint128(STAKE);
        params.rounds = 3;
        params.minMembers = 3;
        params.maxMembers = 64;
        params.joinMode = JoinMode.Open;
        params.candidateSeconds = 600;
        params.commitSeconds = 300;
        params.revealSeconds = 200;
        params.toleranceMicroNats = 0;
        params.evaluatorFeeBps = 1000;
        params.unrevealedPenaltyBps = 500;
    }

    function create(AllianceParams memory params) internal returns (uint256) {
        vm.prank(creator);
        return alliance.create(params, new address[](0));
    }

    function noInvitation() internal pure returns (Invitation memory invitation) {}

    /// @dev An alliance with bonded members, started.
    function started(AllianceParams memory params, uint256 count) internal returns (uint256 id) {
        id = create(params);
        for (uint256 i = 0; i < count; i++) enter(id, i);
        vm.prank(creator);
        alliance.start(id);
    }

    function enter(uint256 id, uint256 index) internal {
        bond(member(index), 0, STAKE);
        vm.prank(member(index));
        alliance.join(id, noInvitation());
    }

    function all(uint256 count) internal pure returns (uint64) {
        return count == 64 ? type(uint64).max : uint64((uint256(1) << count) - 1);
    }

    function candidateOf(uint64 cohort, uint64 survivors) internal pure returns (CandidatePost memory) {
        return CandidatePost(cohort, survivors, bytes32("uploads"), bytes32("sum"), bytes32("model"));
    }

    function post(uint256 id, uint32 round, uint64 survivors) internal {
        (Round memory current,) = alliance.getRound(id, round);
        CandidatePost memory candidate = candidateOf(current.members, survivors);
        bytes[] memory signed = survivorSignatures(id, round, current.attempt, candidate, survivors);
        vm.prank(aggregator);
        alliance.postCandidate(id, round, candidate, signed);
    }

    function survivorSignatures(uint256 id, uint32 round, uint32 attempt, CandidatePost memory candidate, uint64 signers)
        internal
        view
        returns (bytes[] memory)
    {
        bytes32 body = keccak256(abi.encode(candidate.cohort, candidate.survivors, candidate.uploadsRoot));
        return signatures(Message(id, round, attempt, "round/survivors/1", body), signers);
    }

    function replaySignatures(uint256 id, uint32 round, uint32 attempt, bytes32 replayed, uint64 signers)
        internal
        view
        returns (bytes[] memory)
    {
        bytes32 body = keccak256(abi.encode(bytes32("sum"), replayed));
        return signatures(Message(id, round, attempt, "round/replay/1", body), signers);
    }

    function signatures(Message memory message, uint64 signers) internal view returns (bytes[] memory list) {
        uint256 count = 0;
        for (uint256 i = 0; i < 64; i++) if (signers >> i & 1 == 1) count++;
        list = new bytes[](count);
        for (uint256 i = 64; i > 0; i--) if (signers >> (i - 1) & 1 == 1) list[--count] = sign(MEMBER_KEY + i - 1, message);
    }

    function sign(uint256 key, Message memory message) internal view returns (bytes memory) {
        bytes32 kind = keccak256(bytes(message.kind));
        return signTyped(
            key,
            keccak256(
                abi.encode(MESSAGE_TYPEHASH, message.alliance, message.round, message.attempt, kind, message.body)
            )
        );
    }

    function invite(uint256 key, uint256 id, address invitee, bytes32 nonce, uint64 expiry)
        internal
        view
        returns (Invitation memory)
    {
        bytes32 structHash = keccak256(abi.encode(INVITATION_TYPEHASH, id, invitee, nonce, expiry));
        return Invitation(invitee, nonce, expiry, signTyped(key, structHash));
    }

    function signTyped(uint256 key, bytes32 structHash) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Skein"), keccak256("1"), block.chainid, address(alliance))
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    function commit(uint256 id, uint32 round, uint32 attempt, uint256 index, int64 loss) internal {
        bytes32 commitment = keccak256(abi.encode(id, round, attempt, member(index), loss, bytes32(index)));
        vm.prank(member(index));
        alliance.commitVote(id, round, attempt, commitment);
    }

    function reveal(uint256 id, uint32 round, uint32 attempt, uint256 index, int64 loss) internal {
        vm.prank(member(index));
        alliance.revealVote(id, round, attempt, loss, bytes32(index));
    }

    /// @dev Everybody votes; losses must ascend with the index, so that the order is known.
    function vote(uint256 id, uint32 round, int64[] memory losses) internal {
        for (uint256 i = 0; i < losses.length; i++) commit(id, round, 0, i, losses[i]);
        for (uint256 i = 0; i < losses.length; i++) reveal(id, round, 0, i, losses[i]);
    }

    function losses3(int64 a, int64 b, int64 c) internal pure returns (int64[] memory list) {
        list = new int64[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    function order(uint256 count) internal pure returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i = 0; i < count; i++) list[i] = member(i);
    }

    function roundStatus(uint256 id, uint32 round) internal view returns (uint256) {
        (Round memory current,) = alliance.getRound(id, round);
        return uint256(current.status);
    }

    function stateOf(uint256 id) internal view returns (AllianceState memory state) {
        (, state) = alliance.getAlliance(id);
    }
}
