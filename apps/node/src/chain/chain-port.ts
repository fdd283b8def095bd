import type { Address, CandidatePost, ChainRound, Message } from '@skein/alliance';
import type { Digest } from '@skein/core';

/** An alliance as the contract tells it. */
export interface ChainAlliance {
  readonly status: 'forming' | 'active' | 'finished' | 'cancelled';
  readonly paused: boolean;
  readonly creator: Address;
  readonly planDigest: Digest;
  readonly initialModel: Digest;
  /** The last accepted one. */
  readonly model: Digest;
  /** Everybody who ever joined. */
  readonly members: readonly {
    readonly address: Address;
    readonly index: number;
    readonly weight: string;
    readonly isActive: boolean;
    /** For a proved fault. */
    readonly isRemoved: boolean;
  }[];
  /** The last round that was opened; 0 before the first. */
  readonly round: number;
  readonly revealSeconds: number;
}

/** A vote as it was written down before it was committed. */
export interface OwnVote {
  readonly round: number;
  readonly attempt: number;
  readonly lossChangeMicroNats: number;
  readonly salt: string;
}

export interface CandidateToPost {
  readonly round: number;
  readonly attempt: number;
  readonly post: CandidatePost;
  readonly signatures: readonly string[];
  readonly signal: AbortSignal;
}

/** What a node asks of the chain for one alliance. Everything that sends looks first whether it is done already. */
export interface ChainPort {
  alliance(): Promise<ChainAlliance>;
  /** A round, by default the one that was opened last; null for one that was never opened. */
  round(alliance: ChainAlliance, round?: number): Promise<ChainRound | null>;
  commitVote(vote: OwnVote, signal: AbortSignal): Promise<void>;
  revealVote(vote: OwnVote, signal: AbortSignal): Promise<void>;
  postCandidate(candidate: CandidateToPost): Promise<void>;
  accuse(evidence: readonly [Message, Message], signal: AbortSignal): Promise<void>;
}
