import type { Address } from '../units.ts';
import { abiHexWord, abiWord, type Hex, keccakOfWords } from './abi-words.ts';

/** A vote on a candidate, before it is revealed. */
export interface SealedVote {
  readonly alliance: string;
  readonly round: number;
  readonly attempt: number;
  readonly evaluator: Address;
  /** Change of loss from the old model to the candidate, micro-nats a token: a signed 64-bit integer. */
  readonly lossChangeMicroNats: number;
  /** 32 random bytes; without them the few likely values could be tried. */
  readonly salt: string;
}

/** `keccak256(abi.encode(uint256 id, uint32 round, uint32 attempt, address evaluator, int64 lossChange, bytes32 salt))`. */
export function voteCommitment(vote: SealedVote): Hex {
  return keccakOfWords([
    abiWord(BigInt(vote.alliance)),
    abiWord(vote.round),
    abiWord(vote.attempt),
    abiHexWord(vote.evaluator),
    abiWord(vote.lossChangeMicroNats),
    abiHexWord(vote.salt),
  ]);
}
