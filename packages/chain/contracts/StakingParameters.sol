// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Parameters of Staking, behind a timelock
/// @notice A change is a call of one of the setters, scheduled by the governor and executed by anybody once its delay is
/// over. The delay starts at zero so that a deployment can name its arbiters, and its script ends by raising it.
abstract contract StakingParameters is AccessControl {
    /// @notice Trains and evaluates in alliances.
    uint8 public constant TRAINER = 0;
    /// @notice Evaluates without training; in an alliance a trainer's bond serves.
    uint8 public constant EVALUATOR = 1;
    /// @notice Posts sums and candidates.
    uint8 public constant AGGREGATOR = 2;

    bytes32 public constant GOVERNOR = keccak256("GOVERNOR");
    bytes32 public constant GUARDIAN = keccak256("GUARDIAN");

    uint32 public constant MAX_DELAY_SECONDS = 60 days;
    uint16 public constant MAX_CORRELATION_FACTOR = 10;

    event Scheduled(bytes32 indexed id, bytes call_, uint64 executableAt);
    event Unscheduled(bytes32 indexed id);
    event Executed(bytes32 indexed id);
    event ArbiterSet(address indexed arbiter, bool enabled);
    event ParametersSet(
        uint32 unbondSeconds,
        uint32 parameterDelaySeconds,
        uint32 correlationWindowSeconds,
        uint16 correlationFactor,
        address slashRecipient
    );

    error OnlyBySchedule();
    error NotScheduled(bytes32 id);
    error TooEarly(uint64 executableAt);
    error ParameterOutOfRange();

    uint32 public unbondSeconds = 7 days;
    uint32 public parameterDelaySeconds = 0;
    uint32 public correlationWindowSeconds = 1 days;
    uint16 public correlationFactor = 3;
    address public slashRecipient;
    mapping(address arbiter => bool) public isArbiter;
    mapping(bytes32 id => uint64) public executableAt;

    modifier onlySchedule() {
        if (msg.sender != address(this)) revert OnlyBySchedule();
        _;
    }

    constructor(address governor) {
        _grantRole(DEFAULT_ADMIN_ROLE, governor);
        _grantRole(GOVERNOR, governor);
        _grantRole(GUARDIAN, governor);
        slashRecipient = governor;
    }

    /// @param call_ the encoded call of a setter below
    function schedule(bytes calldata call_) external onlyRole(GOVERNOR) returns (bytes32 id) {
        id = keccak256(call_);
        executableAt[id] = uint64(block.timestamp) + parameterDelaySeconds;
        emit Scheduled(id, call_, executableAt[id]);
    }

    function unschedule(bytes32 id) external onlyRole(GOVERNOR) {
        delete executableAt[id];
        emit Unscheduled(id);
    }

    function execute(bytes calldata call_) external {
        bytes32 id = keccak256(call_);
        uint64 readyAt = executableAt[id];
        if (readyAt == 0) revert NotScheduled(id);
        if (block.timestamp < readyAt) revert TooEarly(readyAt);
        delete executableAt[id];
        emit Executed(id);
        Address.functionCall(address(this), call_);
    }

    function setArbiter(address arbiter, bool enabled) external onlySchedule {
        isArbiter[arbiter] = enabled;
        emit ArbiterSet(arbiter, enabled);
    }

    function setParameters(
        uint32 unbondSeconds_,
        uint32 parameterDelaySeconds_,
        uint32 correlationWindowSeconds_,
        uint16 correlationFactor_,
        address slashRecipient_
    ) external onlySchedule {
        if (
            unbondSeconds_ > MAX_DELAY_SECONDS || parameterDelaySeconds_ > MAX_DELAY_SECONDS
                || correlationWindowSeconds_ == 0 || correlationFactor_ > MAX_CORRELATION_FACTOR
                || slashRecipient_ == address(0)
        ) revert ParameterOutOfRange();
        unbondSeconds = unbondSeconds_;
        parameterDelaySeconds = parameterDelaySeconds_;
        correlationWindowSeconds = correlationWindowSeconds_;
        correlationFactor = correlationFactor_;
        slashRecipient = slashRecipient_;
        emit ParametersSet(
            unbondSeconds_, parameterDelaySeconds_, correlationWindowSeconds_, correlationFactor_, slashRecipient_
        );
    }
}
