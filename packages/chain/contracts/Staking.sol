// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Pool, SharePool} from "./SharePool.sol";
import {StakingParameters} from "./StakingParameters.sol";

/// @title Bonds
/// @notice An account's bond for a role is a pool: its own stake and what others delegate to it. Money leaves by a request
/// and, after a delay in which it can still be slashed, a withdrawal. Arbiters (contracts such as Alliance, named by
/// timelocked parameters) lock an operator's own stake and slash pools for faults that they have proved.
contract Staking is StakingParameters, Pausable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SharePool for Pool;

    struct Request {
        address operator;
        uint8 role;
        uint16 generation;
        uint64 claimableAt;
        uint128 shares;
    }

    event Staked(address indexed operator, uint8 indexed role, address indexed delegator, uint256 amount, uint256 shares);
    event Rewarded(address indexed operator, uint8 indexed role, address indexed payer, uint256 amount);
    event UnbondRequested(
        address indexed operator, uint8 indexed role, address indexed delegator, uint256 request, uint256 amount, uint64 claimableAt
    );
    event Withdrawn(address indexed delegator, uint256 indexed request, uint256 amount);
    event Locked(address indexed arbiter, address indexed operator, uint8 indexed role, uint256 amount);
    event Unlocked(address indexed arbiter, address indexed operator, uint8 indexed role, uint256 amount);
    event Slashed(
        address indexed arbiter, address indexed operator, uint8 indexed role, uint256 asked, uint256 taken, bytes32 evidence
    );
    event SlashedCollected(address indexed recipient, uint256 amount);

    error UnknownRole(uint8 role);
    error ZeroAmount();
    error NotArbiter(address account);
    error InsufficientBond(address operator, uint8 role, uint256 free, uint256 needed);
    error UnlockExceedsLock(uint256 locked, uint256 asked);
    error UnknownRequest(address delegator, uint256 request);
    error StillUnbonding(uint64 claimableAt);

    IERC20 public immutable token;

    mapping(address operator => mapping(uint8 role => Pool)) public active;
    mapping(address operator => mapping(uint8 role => Pool)) public unbonding;
    mapping(address operator => mapping(uint8 role => mapping(uint16 generation => mapping(address delegator => uint256))))
        private _shares;
    mapping(address delegator => Request[]) private _requests;
    mapping(address operator => mapping(uint8 role => uint256)) public locked;
    mapping(address arbiter => mapping(address operator => mapping(uint8 role => uint256))) public lockedBy;
    /// @notice Active tokens of all pools of a role.
    mapping(uint8 role => uint256) public totalBonded;
    /// @dev What was asked by correlated slashes, by window of time.
    mapping(uint8 role => mapping(uint256 window => uint256)) private _slashedIn;
    /// @notice Slashed tokens that wait to be collected for the recipient.
    uint256 public collectable;

    constructor(IERC20 token_, address governor) StakingParameters(governor) {
        token = token_;
    }

    modifier knownRole(uint8 role) {
        if (role > AGGREGATOR) revert UnknownRole(role);
        _;
    }

    modifier onlyArbiter() {
        if (!isArbiter[msg.sender]) revert NotArbiter(msg.sender);
        _;
    }

    /// @notice Adds to one's own bond.
    function stake(uint8 role, uint256 amount) external {
        delegate(msg.sender, role, amount);
    }

    /// @notice As `stake`, with the approval signed (ERC-2612). A permit that somebody else has used already does no harm.
    function stakeWithPermit(uint8 role, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        delegate(msg.sender, role, amount);
    }

    /// @notice Adds to somebody's bond and shares its fortune: rewards paid into the pool, and slashes.
    function delegate(address operator, uint8 role, uint256 amount) public nonReentrant whenNotPaused knownRole(role) {
        if (amount == 0) revert ZeroAmount();
        Pool storage pool = active[operator][role];
        uint256 shares = pool.deposit(amount);
        _shares[operator][role][pool.generation][msg.sender] += shares;
        totalBonded[role] += amount;
        emit Staked(operator, role, msg.sender, amount, shares);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Pays into a pool, to all its holders by their shares.
    function reward(address operator, uint8 role, uint256 amount) external nonReentrant knownRole(role) {
        Pool storage pool = active[operator][role];
        if (amount == 0 || pool.shares == 0) revert ZeroAmount();
        pool.assets += SafeCast.toUint112(amount);
        totalBonded[role] += amount;
        emit Rewarded(operator, role, msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Takes `amount` out of a bond. It can be withdrawn after the delay and slashed until it is.
    /// @dev An operator's own stake can't fall below what is locked; delegators are free to go.
    function requestUnbond(address operator, uint8 role, uint256 amount)
        external
        nonReentrant
        knownRole(role)
        returns (uint256 request)
    {
        if (amount == 0) revert ZeroAmount();
        uint256 moved = _takeOut(operator, role, amount);
        Pool storage leaving = unbonding[operator][role];
        uint128 shares = uint128(leaving.deposit(moved));
        uint64 claimableAt = uint64(block.timestamp) + unbondSeconds;
        request = _requests[msg.sender].length;
        _requests[msg.sender].push(Request(operator, role, leaving.generation, claimableAt, shares));
        emit UnbondRequested(operator, role, msg.sender, request, moved, claimableAt);
    }

    /// @notice Pays out a request whose delay is over; less than was asked if the operator was slashed meanwhile.
    function withdraw(uint256 request) external nonReentrant returns (uint256 amount) {
        if (request >= _requests[msg.sender].length) revert UnknownRequest(msg.sender, request);
        Request memory claim = _requests[msg.sender][request];
        if (claim.claimableAt == 0) revert UnknownRequest(msg.sender, request);
        if (block.timestamp < claim.claimableAt) revert StillUnbonding(claim.claimableAt);
        delete _requests[msg.sender][request];
        Pool storage pool = unbonding[claim.operator][claim.role];
        if (claim.generation == pool.generation) amount = pool.redeem(claim.shares);
        emit Withdrawn(msg.sender, request, amount);
        if (amount > 0) token.safeTransfer(msg.sender, amount);
    }

    /// @notice Binds a part of the operator's own stake to the calling arbiter.
    function lock(address operator, uint8 role, uint256 amount) external onlyArbiter knownRole(role) {
        uint256 own = ownStakeOf(operator, role);
        uint256 bound = locked[operator][role];
        if (own < bound + amount) revert InsufficientBond(operator, role, own > bound ? own - bound : 0, amount);
        locked[operator][role] = bound + amount;
        lockedBy[msg.sender][operator][role] += amount;
        emit Locked(msg.sender, operator, role, amount);
    }

    /// @notice Gives back what the caller has locked; also to a caller that is no arbiter any more.
    function unlock(address operator, uint8 role, uint256 amount) external {
        uint256 bound = lockedBy[msg.sender][operator][role];
        if (bound < amount) revert UnlockExceedsLock(bound, amount);
        lockedBy[msg.sender][operator][role] = bound - amount;
        locked[operator][role] -= amount;
        emit Unlocked(msg.sender, operator, role, amount);
    }

    /// @notice Takes up to `amount` of an operator's pools, active and unbonding alike, for a fault that the arbiter proved.
    /// @param correlated raises the amount by `correlationFactor` times the share of all bonds that was slashed in this and
    /// the previous window: faults in common are attacks or monocultures, a lone fault is a mishap.
    /// @param evidence hash of what proves the fault
    function slash(address operator, uint8 role, uint256 amount, bool correlated, bytes32 evidence)
        external
        onlyArbiter
        knownRole(role)
        returns (uint256 taken)
    {
        uint256 asked = correlated ? _correlate(role, amount) : amount;
        Pool storage pool = active[operator][role];
        Pool storage leaving = unbonding[operator][role];
        uint256 assets = pool.assets;
        uint256 total = assets + leaving.assets;
        taken = Math.min(asked, total);
        if (taken > 0) {
            uint256 fromActive = Math.mulDiv(taken, assets, total);
            pool.cut(fromActive);
            leaving.cut(taken - fromActive);
            totalBonded[role] -= fromActive;
            collectable += taken;
        }
        emit Slashed(msg.sender, operator, role, asked, taken, evidence);
    }

    /// @notice Sends what was slashed to the recipient that the parameters name.
    function collectSlashed() external nonReentrant {
        uint256 amount = collectable;
        collectable = 0;
        emit SlashedCollected(slashRecipient, amount);
        token.safeTransfer(slashRecipient, amount);
    }

    /// @notice Stops new stakes in an emergency. Withdrawals, unlocks and slashes go on: a pause can't hold or move money.
    function pause() external onlyRole(GUARDIAN) {
        _pause();
    }

    function unpause() external onlyRole(GUARDIAN) {
        _unpause();
    }

    /// @return the active tokens behind an operator's role, delegations included
    function bondOf(address operator, uint8 role) external view returns (uint256) {
        return active[operator][role].assets;
    }

    /// @return the operator's own part of its bond
    function ownStakeOf(address operator, uint8 role) public view returns (uint256) {
        return delegationOf(operator, role, operator);
    }

    function delegationOf(address operator, uint8 role, address delegator) public view returns (uint256) {
        Pool storage pool = active[operator][role];
        return pool.valueOf(_shares[operator][role][pool.generation][delegator]);
    }

    function requestsOf(address delegator) external view returns (Request[] memory) {
        return _requests[delegator];
    }

    /// @return what a request would pay now
    function requestValue(address delegator, uint256 request) external view returns (uint256) {
        Request memory claim = _requests[delegator][request];
        Pool storage pool = unbonding[claim.operator][claim.role];
        return claim.generation == pool.generation ? pool.valueOf(claim.shares) : 0;
    }

    function _takeOut(address operator, uint8 role, uint256 amount) private returns (uint256 moved) {
        Pool storage pool = active[operator][role];
        uint256 held = _shares[operator][role][pool.generation][msg.sender];
        uint256 value = pool.valueOf(held);
        uint256 bound = msg.sender == operator ? locked[operator][role] : 0;
        if (value < amount + bound) revert InsufficientBond(operator, role, value > bound ? value - bound : 0, amount);
        uint256 burnt = Math.min(pool.sharesFor(amount), held);
        _shares[operator][role][pool.generation][msg.sender] = held - burnt;
        moved = pool.redeem(burnt);
        totalBonded[role] -= moved;
    }

    function _correlate(uint8 role, uint256 amount) private returns (uint256) {
        uint256 window = block.timestamp / correlationWindowSeconds;
        uint256 recent = _slashedIn[role][window] + (window == 0 ? 0 : _slashedIn[role][window - 1]);
        _slashedIn[role][window] += amount;
        uint256 total = totalBonded[role];
        return total == 0 ? amount : amount + Math.mulDiv(amount * correlationFactor, Math.min(recent, total), total);
    }
}
