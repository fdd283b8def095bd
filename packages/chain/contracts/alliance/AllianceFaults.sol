// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {AllianceBase, AllianceData} from "./AllianceBase.sol";
import {AllianceState, Candidate, Member, MemberState, Message, Round, RoundStatus} from "./AllianceTypes.sol";

/// @title What members sign, and what their signatures prove
abstract contract AllianceFaults is AllianceBase {
    bytes32 private constant MESSAGE_TYPEHASH =
        keccak256("Message(uint256 alliance,uint32 round,uint32 attempt,string kind,bytes32 body)");
    /// @dev Attempts after which a round fails rather than ask for one more candidate.
    uint8 private constant MAX_ATTEMPTS = 16;

    event SumRefuted(
        uint256 indexed id, uint32 indexed round, uint32 attempt, address indexed aggregator, bytes32 posted, bytes32 replayed, uint256 slashed
    );

    error BadSigner(uint256 id, address signer);
    error QuorumNotReached(uint256 signers, uint256 needed);
    error SameDigest();
    error NotEquivocation();

    /// @notice Strikes out a posted sum which a replay by the survivors contradicts, and slashes who posted it. The round
    /// waits for another candidate.
    /// @param signatures of more than two thirds of the survivors on a `round/replay/1` message whose body is
    /// keccak256(abi.encode(posted sum digest, replayDigest))
    function refuteSum(uint256 id, uint32 round, bytes32 replayDigest, bytes[] calldata signatures)
        external
    {
        bytes32 body = _checkReplay(id, round, replayDigest, signatures);
        AllianceData storage alliance = _alliances[id];
        Candidate storage refuted = alliance.candidates[round];
        uint256 slashed = _slash(refuted.aggregator, AGGREGATOR, alliance.params.aggregatorStake, true, body);
        uint32 attempt = alliance.rounds[round].attempt;
        emit SumRefuted(id, round, attempt, refuted.aggregator, refuted.sumDigest, replayDigest, slashed);
        _nextAttempt(alliance, round);
        if (attempt + 1 == MAX_ATTEMPTS) _failRound(id, round);
    }

    /// @notice Slashes and removes a member that signed two different messages of one kind in one attempt of a round.
    /// @dev Good after the member left or the alliance ended as well: bonds stay slashable while they unbond.
    function reportEquivocation(
        Message calldata messageA,
        bytes calldata signatureA,
        Message calldata messageB,
        bytes calldata signatureB
    ) external {
        bytes32 kind = keccak256(bytes(messageA.kind));
        bool sameSlot = messageA.alliance == messageB.alliance && messageA.round == messageB.round
            && messageA.attempt == messageB.attempt && kind == keccak256(bytes(messageB.kind));
        if (!sameSlot || messageA.body == messageB.body) revert NotEquivocation();
        uint256 id = messageA.alliance;
        bytes32 hashA = _hashMessage(id, messageA.round, messageA.attempt, kind, messageA.body);
        bytes32 hashB = _hashMessage(id, messageB.round, messageB.attempt, kind, messageB.body);
        address signer = ECDSA.recoverCalldata(hashA, signatureA);
        if (signer != ECDSA.recoverCalldata(hashB, signatureB)) revert NotEquivocation();
        AllianceData storage alliance = _alliances[id];
        MemberState state = alliance.members[signer].state;
        if (state == MemberState.None || state == MemberState.Removed) revert NotMember(id, signer);

        // The same fault has one name, in whichever order its halves are handed in.
        bytes32 evidence = hashA < hashB ? keccak256(abi.encode(hashA, hashB)) : keccak256(abi.encode(hashB, hashA));
        uint8 index = _expel(id, signer);
        uint256 slashed = _slash(signer, TRAINER, alliance.params.stake, true, evidence);
        emit MemberRemoved(id, signer, index, slashed, evidence);
    }

    function _failRound(uint256 id, uint32 round) internal virtual;

    function _checkReplay(uint256 id, uint32 round, bytes32 replayDigest, bytes[] calldata signatures)
        private
        view
        returns (bytes32 body)
    {
        uint8 attempt = _currentRound(id, round, RoundStatus.Voting).attempt;
        Candidate storage posted = _alliances[id].candidates[round];
        if (replayDigest == posted.sumDigest) revert SameDigest();
        body = keccak256(abi.encode(posted.sumDigest, replayDigest));
        bytes32 digest = _hashMessage(id, round, attempt, keccak256("round/replay/1"), body);
        uint256 signers = _countSigners(id, posted.survivors, digest, signatures);
        uint256 needed = _count(posted.survivors) * 2 / 3 + 1;
        if (signers < needed) revert QuorumNotReached(signers, needed);
    }

    function _nextAttempt(AllianceData storage alliance, uint32 round) private {
        Round storage current = alliance.rounds[round];
        delete alliance.candidates[round];
        current.status = RoundStatus.Open;
        current.attempt += 1;
        // The expelled stay counted as committed, so that nobody waits for them.
        current.committed = current.members & alliance.state.removed;
        current.revealed = 0;
        current.deadline = uint48(block.timestamp + alliance.params.candidateSeconds);
    }

    /// @dev An open round stops waiting for the expelled: its bit counts as committed, its weight no more.
    function _expel(uint256 id, address account) private returns (uint8 index) {
        AllianceData storage alliance = _alliances[id];
        AllianceState storage state = alliance.state;
        uint128 weight = alliance.members[account].weight;
        index = _dropMember(alliance, account, MemberState.Removed);
        uint64 bit = _bit(index);
        state.removed |= bit;
        Round storage round = alliance.rounds[state.round];
        if (!_isRoundOpen(alliance) || round.members & bit == 0) return index;
        round.committed |= bit;
        round.revealed &= ~bit;
        round.weight -= weight;
        _openRevealIfComplete(id, state.round);
    }

    /// @dev How many different members of `allowed` signed; a signature of anybody else reverts.
    function _countSigners(uint256 id, uint64 allowed, bytes32 digest, bytes[] calldata signatures)
        internal
        view
        returns (uint256)
    {
        mapping(address => Member) storage known = _alliances[id].members;
        uint64 seen = 0;
        for (uint256 i = 0; i < signatures.length; i++) {
            address signer = ECDSA.recoverCalldata(digest, signatures[i]);
            Member storage member = known[signer];
            uint64 bit = _bit(member.index);
            if (member.state == MemberState.None || allowed & bit == 0 || seen & bit != 0) revert BadSigner(id, signer);
            seen |= bit;
        }
        return signatures.length;
    }

    function _hashMessage(uint256 id, uint32 round, uint32 attempt, bytes32 kindHash, bytes32 body)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(MESSAGE_TYPEHASH, id, round, attempt, kindHash, body)));
    }
}
