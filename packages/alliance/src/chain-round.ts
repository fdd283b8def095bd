import { digestSchema } from '@skein/core';
import { z } from 'zod';
import { addressSchema, decimalSchema, memberSetSchema } from './units.ts';

const index = z.int().min(0);

/** The sum and model that an aggregator posted, and the survivor set that its signatures are for. */
export const candidateSchema = z.strictObject({
  aggregator: addressSchema,
  cohort: memberSetSchema,
  survivors: memberSetSchema,
  uploadsRoot: digestSchema,
  sum: digestSchema,
  model: digestSchema,
});

/**
 * The current round as the contract tells it. Hub and members each read it for themselves; of two readings the one with
 * the higher round, attempt or status is the later.
 */
export const chainRoundSchema = z.strictObject({
  /** Counts from 1. */
  round: z.int().positive(),
  attempt: index,
  /** `open` waits for a candidate; `voting` takes commitments until `deadline`, then reveals; the last three are closed. */
  status: z.enum(['open', 'voting', 'accepted', 'kept', 'failed']),
  openedAt: index,
  /** First second at which it is too late: for a candidate while open, for commitments while voting. */
  deadline: index,
  /** First second at which it is too late to reveal; null while open. */
  revealDeadline: index.nullable(),
  /** Global model that the round starts from; after acceptance still the one before. */
  model: digestSchema,
  /** Members when the round was opened. */
  members: z.array(z.strictObject({ address: addressSchema, index: z.int().min(0).max(63), weight: decimalSchema })),
  candidate: candidateSchema.nullable(),
  committed: z.array(addressSchema),
  revealed: z.array(z.strictObject({ evaluator: addressSchema, lossChangeMicroNats: z.int() })),
  /** Accounts with the bond that aggregators need. */
  aggregators: z.array(addressSchema),
});

export type ChainRound = z.infer<typeof chainRoundSchema>;
export type Candidate = z.infer<typeof candidateSchema>;
