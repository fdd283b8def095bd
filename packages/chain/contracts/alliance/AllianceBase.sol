// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {
    AllianceParams,
    AllianceState,
    AllianceStatus,
    Candidate,
    Member,
    MemberState,
    Round,
    RoundStatus
} from "./AllianceTypes.sol";
import {IStaking} from "./IStaking.sol";

struct AllianceData {
    AllianceParams params;
    AllianceState state;
    /// @dev Everybody who ever was a member, by index.
    address[] accounts;
    mapping(address account => Member) members;
    mapping(uint32 round => Round) rounds;
    mapping(uint32 round => Candidate) candidates;
    /// @dev A commitment until it is revealed, then the loss change.
    mapping(uint32 round => mapping(uint32 attempt => mapping(uint8 index => bytes32))) votes;
}

/// @title Storage, money and membership shared by the parts of Alliance
/// @dev Only `create` and `withdraw` call tokens, which may be hostile, and so carry the guard; Staking calls nobody back.
abstract contract AllianceBase is EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint8 internal constant TRAINER = 0;
    uint8 internal constant AGGREGATOR = 2;
    uint256 internal constant BPS = 10_000;
    /// @notice Bitmaps hold one bit for each account that ever was a member.
    uint8 public constant MAX_MEMBERS = 64;

    event MemberLeft(uint256 indexed id, address indexed account, uint8 index);
    event MemberRemoved(uint256 indexed id, address indexed account, uint8 index, uint256 slashed, bytes32 evidence);
    event RevealOpened(uint256 indexed id, uint32 indexed round, uint32 attempt, uint64 deadline);
    /// @param status Finished or Cancelled
    event AllianceClosed(uint256 indexed id, AllianceStatus status, bytes32 model, uint256 refund);
    event Withdrawn(address indexed token, address indexed account, uint256 amount);

    error WrongStatus(uint256 id, AllianceStatus status);
    error WrongRound(uint256 id, uint32 current);
    error WrongRoundStatus(uint256 id, uint32 round, RoundStatus status);
    error RoundInProgress(uint256 id, uint32 round);
    error NotCreator(uint256 id, address creator);
    error NotMember(uint256 id, address account);
    error IsPaused(uint256 id);
    error TooFewMembers(uint256 id, uint256 count, uint256 needed);
    error NothingOwed(address token, address account);

    IStaking public immutable staking;

    /// @notice How many alliances there are; ids count from 1.
    uint256 public allianceCount;
    /// @notice What an account may withdraw, by token.
    mapping(address token => mapping(address account => uint256)) public owed;
    mapping(uint256 id => AllianceData) internal _alliances;

    constructor(IStaking staking_) {
        staking = staking_;
    }

    modifier onlyCreator(uint256 id) {
        _requireCreator(id);
        _;
    }

    /// @notice Pays out what the caller is owed in a token.
    function withdraw(address token) external nonReentrant returns (uint256 amount) {
        amount = owed[token][msg.sender];
        if (amount == 0) revert NothingOwed(token, msg.sender);
        owed[token][msg.sender] = 0;
        emit Withdrawn(token, msg.sender, amount);
        IERC20(token).safeTransfer(msg.sender, amount);
    }

    function _requireCreator(uint256 id) private view {
        address creator = _alliances[id].state.creator;
        if (msg.sender != creator) revert NotCreator(id, creator);
    }

    /// @dev Forming, too, where `orForming`.
    function _requireActive(uint256 id, bool orForming) internal view {
        AllianceStatus status = _alliances[id].state.status;
        if (status == AllianceStatus.Active || (orForming && status == AllianceStatus.Forming)) return;
        revert WrongStatus(id, status);
    }

    function _isRoundOpen(AllianceData storage alliance) internal view returns (bool) {
        RoundStatus status = alliance.rounds[alliance.state.round].status;
        return status == RoundStatus.Open || status == RoundStatus.Voting;
    }

    function _requireBetweenRounds(uint256 id) internal view {
        AllianceData storage alliance = _alliances[id];
        if (_isRoundOpen(alliance)) revert RoundInProgress(id, alliance.state.round);
    }

    /// @dev The round, if it has the wanted status; only the current one is ever Open or Voting.
    function _currentRound(uint256 id, uint32 round, RoundStatus wanted) internal view returns (Round storage current) {
        current = _alliances[id].rounds[round];
        if (current.status != wanted) revert WrongRoundStatus(id, round, current.status);
    }

    function _bit(uint8 index) internal pure returns (uint64) {
        return uint64(1) << index;
    }

    function _count(uint64 bitmap) internal pure returns (uint256 count) {
        for (; bitmap != 0; bitmap &= bitmap - 1) count++;
    }

    /// @dev A governor of Staking who dismisses this contract as arbiter must not keep rounds from being closed.
    function _slash(address account, uint8 role, uint256 amount, bool correlated, bytes32 evidence)
        internal
        returns (uint256)
    {
        if (amount == 0 || !staking.isArbiter(address(this))) return 0;
        return staking.slash(account, role, amount, correlated, evidence);
    }

    /// @dev Takes a member off the list and frees its bond.
    function _dropMember(AllianceData storage alliance, address account, MemberState newState)
        internal
        returns (uint8 index)
    {
        Member storage member = alliance.members[account];
        AllianceState storage state = alliance.state;
        index = member.index;
        member.state = newState;
        // Bits are cleared when an alliance ends, whose bonds are free already.
        if (state.members & _bit(index) == 0) return index;
        state.members &= ~_bit(index);
        state.weight -= member.weight;
        _unlock(account, alliance.params.stake);
    }

    /// @dev When everybody has committed, waiting for the deadline would tell nothing new.
    function _openRevealIfComplete(uint256 id, uint32 round) internal {
        AllianceData storage alliance = _alliances[id];
        Round storage current = alliance.rounds[round];
        if (current.status != RoundStatus.Voting || block.timestamp >= current.deadline) return;
        if (current.committed != current.members) return;
        current.deadline = uint48(block.timestamp);
        uint64 deadline = uint64(block.timestamp) + alliance.params.revealSeconds;
        emit RevealOpened(id, round, current.attempt, deadline);
    }

    /// @dev Ends an alliance: the money left goes back to the creator, all bonds are free.
    function _close(uint256 id, AllianceStatus status) internal {
        AllianceData storage alliance = _alliances[id];
        AllianceState storage state = alliance.state;
        uint128 refund = state.remaining;
        uint64 bound = state.members;
        state.status = status;
        state.remaining = 0;
        state.members = 0;
        owed[alliance.params.token][state.creator] += refund;
        for (uint256 i = 0; bound != 0; i++) {
            if (bound & 1 != 0) _unlock(alliance.accounts[i], alliance.params.stake);
            bound >>= 1;
        }
        emit AllianceClosed(id, status, state.model, refund);
    }

    function _unlock(address account, uint128 stake) private {
        if (stake > 0) staking.unlock(account, TRAINER, stake);
    }
}
