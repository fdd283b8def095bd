import { type Address, encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from 'viem';

/** An evaluator's vote before it is hidden. */
export interface Vote {
  readonly alliance: bigint;
  readonly round: number;
  readonly attempt: number;
  readonly evaluator: Address;
  /** Candidate's loss less the old model's, in millionths of a nat per token; a whole number. */
  readonly lossChangeMicroNats: number;
  /** 32 random bytes; with fewer, the few plausible losses could be tried out. */
  readonly salt: Hex;
}

const parameters = parseAbiParameters('uint256, uint32, uint32, address, int64, bytes32');

/** The commitment that hides a vote until it is revealed. */
export function voteCommitment(vote: Vote): Hex {
  const { alliance, round, attempt, evaluator, lossChangeMicroNats, salt } = vote;
  return keccak256(
    encodeAbiParameters(parameters, [alliance, round, attempt, evaluator, BigInt(lossChangeMicroNats), salt]),
  );
}
