import { digestSchema } from '@skein/core';
import type { MemberState as PrivacyState } from '@skein/privacy';
import { z } from 'zod';
import type { bodySchemas } from '../message.ts';
import { MESSAGE_KINDS, survivorsBodySchema } from '../message.ts';
import { addressSchema, hexSchema } from '../units.ts';

const index = z.int().min(0);

/** A message that was decided on: it is never decided anew, so that after a crash the same bytes go out. */
const saidSchema = z.strictObject({
  kind: z.enum(MESSAGE_KINDS),
  attempt: index,
  body: z.unknown(),
});

/** A vote with its salt: without it the commitment could not be opened, and the bond would be lost. */
const voteSchema = z.strictObject({
  attempt: index,
  lossChangeMicroNats: z.int(),
  salt: hexSchema.length(66),
  commitment: hexSchema.length(66),
});

/**
 * A member in one round, as plain JSON. It holds secrets: store it encrypted. Store every new state before any of its
 * effects is carried out. Rounds only go up, so the state of an older round may be forgotten.
 */
export const memberStateSchema = z.strictObject({
  version: z.literal('member-state/1'),
  alliance: z.string(),
  round: z.int().positive(),
  /** 32 bytes, hexadecimal without `0x`: the same rounding of the update again after a crash. */
  quantiserSeed: z.string().length(64),
  /** 0 ≤ draw < 1, secret: decides whether this member replays the round's sum unasked. */
  replayDraw: z.number().min(0).lt(1),
  /** State of `@skein/privacy`; null in clear mode. */
  privacy: z.custom<PrivacyState>((value) => typeof value === 'object' && value !== null).nullable(),
  said: z.array(saidSchema),
  keyed: z.array(addressSchema).nullable(),
  keysRoot: digestSchema.nullable(),
  cohort: z.array(addressSchema).nullable(),
  sharesRoot: digestSchema.nullable(),
  upload: z.strictObject({ root: digestSchema, sizeBytes: z.int().positive() }).nullable(),
  /** The one survivor set that is ever signed in this round. */
  survivors: survivorsBodySchema.nullable(),
  votes: z.array(voteSchema),
  /** Why the member keeps still for the rest of the round. */
  refusal: z.strictObject({ code: z.string(), sentence: z.string(), evidence: z.unknown() }).nullable(),
});

export type MemberRoundState = z.infer<typeof memberStateSchema>;
export type Vote = z.infer<typeof voteSchema>;

/** What was said, as its kind's body. */
export function saidBody<Kind extends keyof typeof bodySchemas>(
  state: MemberRoundState,
  kind: Kind,
  attempt: number,
): z.infer<(typeof bodySchemas)[Kind]> | undefined {
  const said = state.said.find((message) => message.kind === kind && message.attempt === attempt);
  return said?.body as z.infer<(typeof bodySchemas)[Kind]> | undefined;
}
