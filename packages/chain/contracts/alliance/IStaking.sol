// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What Alliance asks of Staking.
interface IStaking {
    function isArbiter(address account) external view returns (bool);
    function bondOf(address operator, uint8 role) external view returns (uint256);
    function lock(address operator, uint8 role, uint256 amount) external;
    function unlock(address operator, uint8 role, uint256 amount) external;
    function slash(address operator, uint8 role, uint256 amount, bool correlated, bytes32 evidence)
        external
        returns (uint256 taken);
}
