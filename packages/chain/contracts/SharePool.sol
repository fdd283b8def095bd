// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @dev Tokens held in common, divided by shares; one storage slot. When a pool is slashed to nothing its shares are void
/// and a new generation begins, since shares of an empty pool have no price.
struct Pool {
    uint112 assets;
    uint128 shares;
    uint16 generation;
}

/// @title Arithmetic of shares
/// @dev Rounds against whoever moves money. Virtual shares keep a first depositor from driving up the price of a share
/// (ERC-4626, inflation attack).
library SharePool {
    using SafeCast for uint256;

    uint256 private constant VIRTUAL_SHARES = 1000;
    uint256 private constant VIRTUAL_ASSETS = 1;

    function deposit(Pool storage pool, uint256 assets) internal returns (uint256 shares) {
        shares = Math.mulDiv(assets, pool.shares + VIRTUAL_SHARES, pool.assets + VIRTUAL_ASSETS);
        pool.assets += assets.toUint112();
        pool.shares += shares.toUint128();
    }

    function redeem(Pool storage pool, uint256 shares) internal returns (uint256 assets) {
        assets = valueOf(pool, shares);
        pool.assets -= assets.toUint112();
        pool.shares -= shares.toUint128();
    }

    /// @return what `shares` are worth, rounded down
    function valueOf(Pool storage pool, uint256 shares) internal view returns (uint256) {
        if (shares == 0) return 0;
        return Math.mulDiv(shares, pool.assets + VIRTUAL_ASSETS, pool.shares + VIRTUAL_SHARES);
    }

    /// @return the shares to burn for `assets`, rounded up
    function sharesFor(Pool storage pool, uint256 assets) internal view returns (uint256) {
        return
            Math.mulDiv(assets, pool.shares + VIRTUAL_SHARES, pool.assets + VIRTUAL_ASSETS, Math.Rounding.Ceil);
    }

    /// @dev Takes `assets` from all holders alike.
    function cut(Pool storage pool, uint256 assets) internal {
        pool.assets -= assets.toUint112();
        if (pool.assets > 0 || pool.shares == 0) return;
        pool.shares = 0;
        pool.generation += 1;
    }
}
