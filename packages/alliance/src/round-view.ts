import { digestSchema } from '@skein/core';
import { z } from 'zod';
import { addressSchema } from './units.ts';

/**
 * Phases of a round, in order. Clear mode has no keys, shares and unmask. `commit` holds check, replay, evaluation and
 * the vote's commitment; `reveal` opens the votes; `closed` has a result.
 */
export const PHASES = ['keys', 'shares', 'upload', 'survivors', 'unmask', 'sum', 'commit', 'reveal', 'closed'] as const;
export type Phase = (typeof PHASES)[number];

/** How a round ended. */
export const roundResultSchema = z.strictObject({
  accepted: z.boolean(),
  /** One of `FAILURES`: why a round failed before the vote. */
  reason: z.string().nullable(),
  model: digestSchema,
});

/** Where a round stands, as the hub tells it. Nothing in it needs trust: members check all of it against signed messages. */
export const roundViewSchema = z.strictObject({
  alliance: z.string(),
  round: z.int().min(0),
  attempt: z.int().min(0),
  phase: z.enum(PHASES),
  /** Seconds since 1970 on the chain's clock. */
  deadline: z.int().min(0),
  openedAt: z.int().min(0),
  /** Global model that this round starts from, and its blob's size. */
  model: digestSchema,
  modelBytes: z.int().positive(),
  /** In the order of their indices on the chain; `index` is the bit in member sets. */
  members: z.array(z.strictObject({ address: addressSchema, index: z.int().min(0) })),
  /** Senders of keys that came in time; null while keys are collected. */
  keyed: z.array(addressSchema).nullable(),
  /** Senders of shares that came in time: those whose masks are in the uploads. */
  cohort: z.array(addressSchema).nullable(),
  /** Whose uploads came whole and in time. */
  survivors: z.array(addressSchema).nullable(),
  /** Whose turn it is to add up. */
  aggregator: addressSchema.nullable(),
  /** The sum and model on the chain. */
  candidate: z.strictObject({ aggregator: addressSchema, sum: digestSchema, model: digestSchema }).nullable(),
  /** Who has not yet answered in this phase. */
  waitingFor: z.array(addressSchema),
  result: roundResultSchema.nullable(),
});

export type RoundView = z.infer<typeof roundViewSchema>;
export type RoundResult = z.infer<typeof roundResultSchema>;
