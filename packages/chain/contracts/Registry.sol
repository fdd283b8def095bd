// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Names and anchors
/// @notice A name belongs to who published under it first and points to its newest model. A log's operator anchors its
/// checkpoints, each larger than the one before.
contract Registry {
    struct Entry {
        address publisher;
        uint64 version;
        bytes32 model;
    }

    struct Anchor {
        bytes32 root;
        uint64 size;
        uint64 anchoredAt;
    }

    uint256 public constant MAX_NAME_BYTES = 96;

    event Published(bytes32 indexed nameHash, address indexed publisher, uint64 version, bytes32 model, string name);
    event NameTransferred(bytes32 indexed nameHash, address indexed from, address indexed to);
    event Anchored(address indexed publisher, bytes32 indexed origin, uint64 size, bytes32 root);

    error BadName();
    error NotPublisher(address publisher);
    error UnexpectedVersion(uint64 current);
    error NotLarger(uint64 anchoredSize);
    error ZeroAddress();

    mapping(bytes32 nameHash => Entry) private _entries;
    mapping(address publisher => mapping(bytes32 origin => Anchor)) private _anchors;

    /// @param name 1 to 96 characters of a–z, 0–9, `-`, `_`, `.`, `/`
    /// @param expectedVersion the version that the caller saw last, 0 for a new name
    /// @param model SHA-256 that names the model
    function publish(string calldata name, uint64 expectedVersion, bytes32 model) external {
        _checkName(bytes(name));
        bytes32 nameHash = keccak256(bytes(name));
        Entry storage entry = _entries[nameHash];
        if (entry.publisher == address(0)) entry.publisher = msg.sender;
        if (entry.publisher != msg.sender) revert NotPublisher(entry.publisher);
        if (entry.version != expectedVersion) revert UnexpectedVersion(entry.version);
        entry.version = expectedVersion + 1;
        entry.model = model;
        emit Published(nameHash, msg.sender, expectedVersion + 1, model, name);
    }

    function transferName(string calldata name, address to) external {
        bytes32 nameHash = keccak256(bytes(name));
        Entry storage entry = _entries[nameHash];
        if (entry.publisher != msg.sender) revert NotPublisher(entry.publisher);
        if (to == address(0)) revert ZeroAddress();
        entry.publisher = to;
        emit NameTransferred(nameHash, msg.sender, to);
    }

    /// @param origin SHA-256 of the log's origin line
    /// @param size leaves of the log's tree
    /// @param root its RFC 9162 root
    function anchor(bytes32 origin, uint64 size, bytes32 root) external {
        Anchor storage last = _anchors[msg.sender][origin];
        if (size <= last.size) revert NotLarger(last.size);
        _anchors[msg.sender][origin] = Anchor(root, size, uint64(block.timestamp));
        emit Anchored(msg.sender, origin, size, root);
    }

    function entryOf(string calldata name) external view returns (Entry memory) {
        return _entries[keccak256(bytes(name))];
    }

    function anchorOf(address publisher, bytes32 origin) external view returns (Anchor memory) {
        return _anchors[publisher][origin];
    }

    function _checkName(bytes calldata name) private pure {
        if (name.length == 0 || name.length > MAX_NAME_BYTES) revert BadName();
        for (uint256 i = 0; i < name.length; i++) {
            bytes1 c = name[i];
            bool known = (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-" || c == "_" || c == "." || c == "/";
            if (!known) revert BadName();
        }
    }
}
