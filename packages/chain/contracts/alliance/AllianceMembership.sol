// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {AllianceBase, AllianceData} from "./AllianceBase.sol";
import {
    AllianceParams,
    AllianceState,
    AllianceStatus,
    Invitation,
    JoinMode,
    Member,
    MemberState
} from "./AllianceTypes.sol";

/// @title Alliances from creation to their end, and who belongs to them
abstract contract AllianceMembership is AllianceBase {
    using SafeERC20 for IERC20;

    bytes32 private constant INVITATION_TYPEHASH =
        keccak256("Invitation(uint256 alliance,address invitee,bytes32 nonce,uint64 expiry)");
    uint32 private constant MAX_PHASE_SECONDS = 30 days;

    event AllianceCreated(
        uint256 indexed id, address indexed creator, bytes32 indexed planDigest, address token, uint256 pool, bytes32 initialModel
    );
    event AllianceStarted(uint256 indexed id, uint64 members);
    event PausedSet(uint256 indexed id, bool paused);
    event AllowListed(uint256 indexed id, address indexed account, bool allowed);
    event InvitationRevoked(uint256 indexed id, bytes32 nonce);
    event MemberJoined(uint256 indexed id, address indexed account, uint8 index);

    error BadParameters();
    error AlreadyCreated(uint256 id);
    error PoolNotReceived(uint256 received, uint256 expected);
    error TooManyMembers(uint256 id);
    error AlreadyMember(uint256 id, address account);
    error WasRemoved(uint256 id, address account);
    error NotAllowed(uint256 id, address account);
    error BadInvitation(uint256 id);
    error InvitationExpired(uint64 expiry);
    error InvitationUsed(bytes32 nonce);

    /// @notice The alliance that a creator made for a plan; zero if none, so that a creation can be repeated safely.
    mapping(address creator => mapping(bytes32 planDigest => uint256 id)) public allianceOf;
    mapping(uint256 id => mapping(address account => bool)) public isAllowed;
    mapping(uint256 id => mapping(bytes32 nonce => bool)) public isInvitationUsed;

    /// @notice Creates an alliance and takes its pool into escrow. Tokens that take a fee of transfers are refused; those
    /// that change balances by themselves must not be used.
    /// @param allowList who may join, where the plan says so
    function create(AllianceParams calldata params, address[] calldata allowList)
        external
        nonReentrant
        returns (uint256 id)
    {
        _checkParams(params);
        id = allianceOf[msg.sender][params.planDigest];
        if (id != 0) revert AlreadyCreated(id);
        id = ++allianceCount;
        allianceOf[msg.sender][params.planDigest] = id;
        AllianceData storage alliance = _alliances[id];
        alliance.params = params;
        AllianceState storage state = alliance.state;
        state.creator = msg.sender;
        state.status = AllianceStatus.Forming;
        state.remaining = params.pool;
        state.model = params.initialModel;
        emit AllianceCreated(id, msg.sender, params.planDigest, params.token, params.pool, params.initialModel);
        _setAllowed(id, allowList, true);
        if (params.pool > 0) _takePool(IERC20(params.token), params.pool);
    }

    function setAllowed(uint256 id, address[] calldata accounts, bool allowed) external onlyCreator(id) {
        _setAllowed(id, accounts, allowed);
    }

    /// @notice Makes an invitation void.
    function revokeInvitation(uint256 id, bytes32 nonce) external onlyCreator(id) {
        isInvitationUsed[id][nonce] = true;
        emit InvitationRevoked(id, nonce);
    }

    /// @notice Makes the caller a member and locks its bond. During a round it becomes one of the rounds after.
    /// @param invitation only read where the plan asks for one
    function join(uint256 id, Invitation calldata invitation) external returns (uint8 index) {
        _requireActive(id, true);
        AllianceData storage alliance = _alliances[id];
        AllianceState storage state = alliance.state;
        if (state.paused) revert IsPaused(id);
        Member storage member = alliance.members[msg.sender];
        if (member.state == MemberState.Active) revert AlreadyMember(id, msg.sender);
        if (member.state == MemberState.Removed) revert WasRemoved(id, msg.sender);
        if (_count(state.members) >= alliance.params.maxMembers) revert TooManyMembers(id);
        _admit(id, alliance.params.joinMode, invitation);

        uint128 stake = alliance.params.stake;
        uint128 weight = stake > 0 ? stake : 1;
        index = member.state == MemberState.Left ? member.index : _newIndex(id);
        member.index = index;
        member.state = MemberState.Active;
        member.weight = weight;
        state.members |= _bit(index);
        state.weight += weight;
        emit MemberJoined(id, msg.sender, index);
        if (stake > 0) staking.lock(msg.sender, TRAINER, stake);
    }

    /// @notice Ends the caller's membership and frees its bond; not while a round is open.
    function leaveAlliance(uint256 id) external {
        _requireActive(id, true);
        _requireBetweenRounds(id);
        AllianceData storage alliance = _alliances[id];
        if (alliance.members[msg.sender].state != MemberState.Active) revert NotMember(id, msg.sender);
        emit MemberLeft(id, msg.sender, _dropMember(alliance, msg.sender, MemberState.Left));
    }

    function start(uint256 id) external onlyCreator(id) {
        AllianceState storage state = _alliances[id].state;
        if (state.status != AllianceStatus.Forming) revert WrongStatus(id, state.status);
        uint256 count = _count(state.members);
        if (count < _alliances[id].params.minMembers) revert TooFewMembers(id, count, _alliances[id].params.minMembers);
        state.status = AllianceStatus.Active;
        emit AllianceStarted(id, state.members);
    }

    /// @notice Keeps new rounds from opening. An open round runs to its end, members may leave, money may be withdrawn.
    function setPaused(uint256 id, bool paused) external onlyCreator(id) {
        _alliances[id].state.paused = paused;
        emit PausedSet(id, paused);
    }

    /// @notice Ends the alliance before its last round. What rounds have paid stays paid; the rest is the creator's.
    function cancel(uint256 id) external onlyCreator(id) {
        _requireActive(id, true);
        _requireBetweenRounds(id);
        _close(id, AllianceStatus.Cancelled);
    }

    function _newIndex(uint256 id) private returns (uint8 index) {
        address[] storage accounts = _alliances[id].accounts;
        uint256 length = accounts.length;
        if (length >= MAX_MEMBERS) revert TooManyMembers(id);
        accounts.push(msg.sender);
        return uint8(length);
    }

    function _admit(uint256 id, JoinMode mode, Invitation calldata invitation) private {
        if (mode == JoinMode.AllowList && !isAllowed[id][msg.sender]) revert NotAllowed(id, msg.sender);
        if (mode != JoinMode.Invitation) return;
        bytes32 structHash = keccak256(
            abi.encode(INVITATION_TYPEHASH, id, invitation.invitee, invitation.nonce, invitation.expiry)
        );
        address signer = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), invitation.signature);
        if (signer != _alliances[id].state.creator) revert BadInvitation(id);
        if (invitation.invitee != address(0) && invitation.invitee != msg.sender) revert NotAllowed(id, msg.sender);
        if (block.timestamp >= invitation.expiry) revert InvitationExpired(invitation.expiry);
        if (isInvitationUsed[id][invitation.nonce]) revert InvitationUsed(invitation.nonce);
        isInvitationUsed[id][invitation.nonce] = true;
    }

    function _setAllowed(uint256 id, address[] calldata accounts, bool allowed) private {
        for (uint256 i = 0; i < accounts.length; i++) {
            isAllowed[id][accounts[i]] = allowed;
            emit AllowListed(id, accounts[i], allowed);
        }
    }

    function _takePool(IERC20 token, uint256 pool) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), pool);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != pool) revert PoolNotReceived(received, pool);
    }

    function _checkParams(AllianceParams calldata params) private pure {
        bool inRange = params.planDigest != 0 && params.rounds > 0 && params.minMembers > 0
            && params.minMembers <= params.maxMembers && params.maxMembers <= MAX_MEMBERS
            && params.evaluatorFeeBps <= BPS && params.unrevealedPenaltyBps <= BPS
            && _isPhase(params.candidateSeconds) && _isPhase(params.commitSeconds) && _isPhase(params.revealSeconds);
        if (!inRange) revert BadParameters();
    }

    function _isPhase(uint32 lengthSeconds) private pure returns (bool) {
        return lengthSeconds > 0 && lengthSeconds <= MAX_PHASE_SECONDS;
    }
}
