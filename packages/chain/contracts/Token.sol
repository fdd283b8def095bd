// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Development token
/// @notice Lets stakes and rewards work on a chain without money. Worth nothing: who holds MINTER makes as much as it likes.
contract Token is ERC20, ERC20Permit, AccessControl {
    bytes32 public constant MINTER = keccak256("MINTER");

    constructor(address admin) ERC20("Skein development token", "SKEIN") ERC20Permit("Skein development token") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(MINTER, admin);
    }

    function mint(address to, uint256 amount) external onlyRole(MINTER) {
        _mint(to, amount);
    }
}
