import { digestSchema } from '@skein/core';
import { z } from 'zod';
import type { ChainRound } from '../chain-round.ts';
import { orderAddresses } from '../member-set.ts';
import type { MessageKind } from '../message.ts';
import type { Plan } from '../plan.ts';
import { PHASES } from '../round-view.ts';
import { type Address, addressSchema } from '../units.ts';

/** Why a round failed before the vote. */
export const FAILURES = ['too-few-members', 'too-few-survivors', 'no-quorum', 'too-few-openings', 'no-sum'] as const;
export type Failure = (typeof FAILURES)[number];

/**
 * Where the hub stands in a round: plain JSON, stored in the transaction of what it follows from. Lists, once fixed,
 * never change.
 */
export const roundStateSchema = z.strictObject({
  version: z.literal('round-state/1'),
  round: z.int().positive(),
  attempt: z.int().min(0),
  phase: z.enum(PHASES),
  /** On the chain's clock, seconds. */
  phaseStartedAt: z.int().min(0),
  deadline: z.int().min(0),
  keyed: z.array(addressSchema).nullable(),
  cohort: z.array(addressSchema).nullable(),
  survivors: z.array(addressSchema).nullable(),
  failure: z.enum(FAILURES).nullable(),
  /** Global model after the round; null before it is closed. */
  model: digestSchema.nullable(),
  accepted: z.boolean(),
});
export type RoundState = z.infer<typeof roundStateSchema>;

/** A message that the hub has accepted, without its body. */
export interface SentMessage {
  readonly kind: MessageKind;
  readonly attempt: number;
  readonly sender: Address;
}

/** What the hub knows of a round. Facts only ever grow, so that it doesn't matter how often and when they are looked at. */
export interface RoundFacts {
  /** The alliance's number in the contract. */
  readonly alliance: string;
  readonly chain: ChainRound;
  /** Size of the blob of the model that the round starts from. */
  readonly modelBytes: number;
  readonly sent: readonly SentMessage[];
  /** Senders whose announced upload lies whole in the blob store. */
  readonly uploaded: readonly Address[];
  /** Whether the candidate's model lies whole in the blob store. */
  readonly isModelHere: boolean;
  /** Accepted `round/replay/1` messages. */
  readonly refutations: readonly Refutation[];
}

/** What one survivor's replay of a posted sum gave. */
export interface Refutation {
  readonly attempt: number;
  readonly sender: Address;
  readonly posted: string;
  readonly replayed: string;
}

/** The state of a round that the chain has opened. */
export function openRoundState(plan: Plan, facts: RoundFacts): RoundState {
  const { round, openedAt, deadline } = facts.chain;
  const phase = plan.aggregation.kind === 'secure' ? 'keys' : 'upload';
  return {
    version: 'round-state/1',
    round,
    attempt: 0,
    phase,
    phaseStartedAt: openedAt,
    deadline: Math.min(openedAt + plan.phases[phase], deadline),
    keyed: null,
    cohort: null,
    survivors: null,
    failure: null,
    model: null,
    accepted: false,
  };
}

/** Addresses of the round's members, ordered. */
export function memberAddresses(facts: RoundFacts): Address[] {
  return orderAddresses(facts.chain.members.map(({ address }) => address));
}

/** Those of `allowed` who sent a message of this kind and attempt, ordered. */
export function sendersOf(
  facts: RoundFacts,
  { kind, attempt }: Omit<SentMessage, 'sender'>,
  allowed: readonly Address[],
): Address[] {
  const senders = facts.sent
    .filter((sent) => sent.kind === kind && sent.attempt === attempt)
    .map((sent) => sent.sender);
  return orderAddresses(senders).filter((sender) => allowed.includes(sender));
}
