// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Cumulative rewards
/// @notice A Merkle root says what every account has earned in total since the beginning, so one claim covers any number of
/// roots. A new root takes effect after a delay in which it can be vetoed.
/// @dev Leaf: keccak256(keccak256(abi.encode(account, total))); pairs sorted (OpenZeppelin's merkle-tree format).
contract Rewards is AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant PUBLISHER = keccak256("PUBLISHER");
    bytes32 public constant VETO = keccak256("VETO");

    event Proposed(bytes32 indexed root, bytes32 indexed previous, bytes32 dataDigest, uint64 activeAt);
    event Vetoed(bytes32 indexed root);
    event Claimed(address indexed account, uint256 amount, uint256 total);
    event Funded(address indexed payer, uint256 amount);

    error UnexpectedRoot(bytes32 current, bytes32 expected);
    error RootPending(bytes32 root);
    error NothingToVeto();
    error BadProof();
    error NothingToClaim(address account);

    IERC20 public immutable token;
    uint64 public immutable activationSeconds;

    bytes32 private _root;
    bytes32 private _next;
    uint64 private _nextAt;
    mapping(address account => uint256) public claimed;

    constructor(IERC20 token_, uint64 activationSeconds_, address admin) {
        token = token_;
        activationSeconds = activationSeconds_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(PUBLISHER, admin);
        _grantRole(VETO, admin);
    }

    function fund(uint256 amount) external nonReentrant {
        emit Funded(msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @param expected the root in effect that the new one was computed from; another one means that a race was lost
    /// @param dataDigest SHA-256 of the published leaves, so that anybody can recompute the root
    function propose(bytes32 expected, bytes32 root, bytes32 dataDigest) external onlyRole(PUBLISHER) {
        bytes32 current = activeRoot();
        if (current != expected) revert UnexpectedRoot(current, expected);
        if (_next != 0 && block.timestamp < _nextAt) revert RootPending(_next);
        if (current != _root) _root = current;
        _next = root;
        _nextAt = uint64(block.timestamp) + activationSeconds;
        emit Proposed(root, current, dataDigest, _nextAt);
    }

    /// @notice Discards the proposed root before it takes effect.
    function veto() external onlyRole(VETO) {
        if (_next == 0 || block.timestamp >= _nextAt) revert NothingToVeto();
        emit Vetoed(_next);
        delete _next;
        delete _nextAt;
    }

    /// @notice Pays an account what it has not claimed yet. Anybody may send it; the money goes to the account.
    /// @param expected the root that the proof belongs to
    function claim(address account, uint256 total, bytes32 expected, bytes32[] calldata proof)
        external
        nonReentrant
        returns (uint256 amount)
    {
        bytes32 current = activeRoot();
        if (current != expected) revert UnexpectedRoot(current, expected);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, total))));
        if (!MerkleProof.verifyCalldata(proof, current, leaf)) revert BadProof();
        uint256 before = claimed[account];
        if (total <= before) revert NothingToClaim(account);
        amount = total - before;
        claimed[account] = total;
        emit Claimed(account, amount, total);
        token.safeTransfer(account, amount);
    }

    function activeRoot() public view returns (bytes32) {
        return _next != 0 && block.timestamp >= _nextAt ? _next : _root;
    }

    /// @return root the proposed root, zero if none waits
    /// @return activeAt when it takes effect
    function pendingRoot() external view returns (bytes32 root, uint64 activeAt) {
        if (_next != 0 && block.timestamp < _nextAt) return (_next, _nextAt);
    }
}
