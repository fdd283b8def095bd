import type { Digest } from '@skein/core';
import type { AggregationCrypto, MemberView, QuantiserInput, QuantiserPlan, UploadPlan } from '@skein/privacy';
import type { ChainRound } from '../chain-round.ts';
import type { Plan } from '../plan.ts';
import type { RoundView } from '../round-view.ts';
import type { SigningDomain, Unsigned } from '../signing/message-hash.ts';
import type { MessageVerifier } from '../signing/verify-message.ts';
import type { SumJob } from '../aggregator/sum-job.ts';
import type { Message } from '../message.ts';
import type { Address } from '../units.ts';
import type { MemberRoundState } from './member-state.ts';

/** A state of the hub's log. */
export interface SeenLog {
  readonly size: number;
  readonly root: Digest;
}

/** The hub's transparency log as the member has verified it. */
export interface LogPort {
  /** The latest verified state. */
  readonly seen: SeenLog;
  /** Whether the message is an entry of the log: the proof was fetched and verified against `seen` or a later state. */
  includes(message: Message): Promise<boolean>;
  /** Whether a state that another member saw is one that this log had, or will have grown from. Proved, not believed. */
  agrees(other: SeenLog): Promise<boolean>;
}

/** Results of effects, as far as there are any; the node keeps them on disk, by round. */
export interface MemberOutcomes {
  /** `train` is done and its update stored. */
  readonly trained?: boolean;
  /** Of `upload`: the blob that was made. */
  readonly upload?: { readonly root: Digest; readonly sizeBytes: number };
  readonly check?: CheckOutcome;
  readonly replay?: ReplayOutcome;
  readonly evaluation?: { readonly model: Digest; readonly lossChangeMicroNats: number };
}

/** Of `check`. */
export interface CheckOutcome {
  readonly sum: Digest;
  /** ⟨r, x⟩ of the own update, under masks (`checkScalars`). */
  readonly products: readonly number[];
  /** ⟨r, S⟩ of the posted sum (`innerProducts`); null where its bytes can't be a sum. */
  readonly sumProducts: readonly number[] | null;
  /** Root of the model that follows from the posted sum; null where the sum's bytes can't be a sum. */
  readonly model: Digest | null;
}

/** Of `replay`. */
export interface ReplayOutcome {
  /** The sum that was posted, to which this belongs. */
  readonly posted: Digest;
  /** What the uploads give; null where they can't be had or don't fit together. */
  readonly sum: Digest | null;
  readonly model: Digest | null;
}

/** Everything that a step may look at. */
export interface MemberInput {
  readonly plan: Plan;
  readonly domain: SigningDomain;
  readonly alliance: string;
  readonly self: Address;
  /** Null before the first step of the first round; a state of an earlier round is replaced. */
  readonly state: MemberRoundState | null;
  /** What the hub tells. */
  readonly view: RoundView;
  /** What the member itself has read from the chain. */
  readonly chain: ChainRound;
  /** All messages of this round that the hub has of the kinds in `messageKindsFor`. */
  readonly messages: readonly unknown[];
  readonly outcomes: MemberOutcomes;
  /** Seconds on the chain's clock. */
  readonly now: number;
  readonly crypto: AggregationCrypto;
  /**
   * How this round's update is rounded: 32 bytes in hexadecimal. Derived from a secret of the node, so that the round
   * done again, be it from nothing, gives the same numbers.
   */
  readonly quantiserSeed: string;
  readonly log: LogPort;
  /** Examples that the own update is trained on; needed where the plan weighs by them. */
  readonly examples?: number;
  /** Checks messages; where left out, `verifyMessage` of the domain. */
  readonly verify?: MessageVerifier;
}

/** How an upload is made from the trained update. */
export type UploadJob =
  | { readonly kind: 'clear' }
  | {
      readonly kind: 'secure';
      readonly view: MemberView;
      readonly quantiser: QuantiserPlan;
      readonly input: QuantiserInput;
      readonly masks: UploadPlan;
    };

/**
 * What the node is to do once the state is stored. Effects come back with every step until their results are there, so
 * that none is lost by a crash; doing one twice is harmless.
 */
export type MemberEffect =
  /** Sign (once, and keep the signed bytes) and send. */
  | { readonly kind: 'send'; readonly message: Unsigned }
  /** Train from the round's model and store the update; then `outcomes.trained`. */
  | { readonly kind: 'train'; readonly model: Digest; readonly modelBytes: number }
  /** Make the blob of the trained update, store it; then `outcomes.upload`. */
  | { readonly kind: 'make-upload'; readonly job: UploadJob }
  /** Send the chunks that the hub lacks. */
  | { readonly kind: 'send-blob'; readonly root: Digest }
  /** Fetch an upload that is going to be added up; nothing follows from it. */
  | { readonly kind: 'fetch'; readonly root: Digest; readonly sizeBytes: number }
  /** Read the posted sum and compute what `CheckOutcome` names; `checkPostedSum` does it. */
  | { readonly kind: 'check'; readonly job: CheckJob }
  /** Compute sum and model (`computeSum`) while the aggregator does, since a `replay` of the same job is to follow. */
  | { readonly kind: 'add-up'; readonly job: SumJob }
  /** Compute sum and model again from the uploads (`computeSum`). */
  | { readonly kind: 'replay'; readonly posted: Digest; readonly job: SumJob }
  /** Loss of candidate minus loss of the round's model on the own held-out data, micro-nats a token. */
  | { readonly kind: 'evaluate'; readonly base: Digest; readonly candidate: Digest }
  | { readonly kind: 'commit-vote'; readonly attempt: number; readonly commitment: string }
  | {
      readonly kind: 'reveal-vote';
      readonly attempt: number;
      readonly lossChangeMicroNats: number;
      readonly salt: string;
    }
  /** Two contradicting signed messages, for `reportEquivocation` on the chain. */
  | { readonly kind: 'accuse'; readonly evidence: readonly [Message, Message] }
  /** Tell the owner, and whoever wants to know: the member stays out of the rest of this round. */
  | { readonly kind: 'refuse'; readonly code: string; readonly sentence: string; readonly evidence: unknown }
  /** Tell the owner; nothing else follows. */
  | { readonly kind: 'notice'; readonly code: string; readonly sentence: string };

/** What the check of a posted sum needs besides its bytes, which may be unreachable: then there is no outcome. */
export interface CheckJob {
  readonly sum: Digest;
  readonly challenge: Digest;
  /** How the own upload was made, for the values that are in it. */
  readonly upload: Extract<UploadJob, { kind: 'secure' }>;
  readonly survivors: readonly Address[];
  /** Global model that the round starts from. */
  readonly model: Digest;
}

/** The new state, to be stored first, and then the effects. */
export interface MemberStep {
  /** Null only where there was none and hub and chain don't agree yet on the round. */
  readonly state: MemberRoundState | null;
  readonly effects: readonly MemberEffect[];
}
