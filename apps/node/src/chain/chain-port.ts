import type { Address, CandidatePost, ChainRound, Message } from '@skein/alliance';
import type { Digest } from '@skein/core';

/** An alliance as the contract tells it. */
export interface ChainAlliance {
  readonly status: 'forming' | 'active' | 'finished' | 'cancelled';
  readonly paused: boolean;
  readonly creator: Address;
  readonly planDigest: Digest;
  readonly model: Digest;
  readonly members: readonly { readonly address: Address; readonly index: number; readonly isActive: boolean }[];
  /** The last round that was opened; 0 before the first. */
  readonly round: number;
}

export interface VotePlace {
  readonly round: number;
  readonly attempt: number;
}

/** What a node asks of the chain for one alliance. Everything that sends looks first whether it is done already. */
export interface ChainPort {
  alliance(): Promise<ChainAlliance>;
  /** The round that was opened last; null before the first. */
  round(alliance: ChainAlliance): Promise<ChainRound | null>;
  commitVote(place: VotePlace, commitment: string, signal: AbortSignal): Promise<void>;
  revealVote(place: VotePlace, vote: { lossChangeMicroNats: number; salt: string }, signal: AbortSignal): Promise<void>;
  postCandidate(round: number, post: CandidatePost, signatures: readonly string[], signal: AbortSignal): Promise<void>;
  accuse(evidence: readonly [Message, Message], signal: AbortSignal): Promise<void>;
}
