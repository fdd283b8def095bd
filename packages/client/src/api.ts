import { addressSchema, decimalSchema, messageSchema, PROTOCOL, planSchema, roundResultSchema } from '@skein/alliance';
import { digestSchema } from '@skein/core';
import { z } from 'zod';

const index = z.int().min(0);

/** Request header that names the protocol; a request without it is taken for a person's with a browser or curl. */
export const PROTOCOL_HEADER = 'skein-protocol';
/** Response header: seconds since 1970 by the chain's clock, so that clients can tell their own skew. */
export const CHAIN_TIME_HEADER = 'skein-chain-time';

/** GET /v1/info: what a client must know before it believes anything else. */
export const infoSchema = z.strictObject({
  protocol: z.literal(PROTOCOL),
  version: z.string(),
  chain: z.strictObject({
    chainId: index,
    token: addressSchema,
    staking: addressSchema,
    alliance: addressSchema,
    rewards: addressSchema,
    registry: addressSchema,
    deployedAtBlock: index,
  }),
  /** Where clients reach the chain through this hub, if it offers that (`/rpc`). */
  rpcPath: z.string().nullable(),
  /** Account that keeps rounds moving and anchors the log. */
  operator: addressSchema,
  /** Verifier key of the log in the form of C2SP signed notes. */
  logKey: z.string(),
  /** Seconds since 1970 by the chain's clock, so that clients can tell their own skew. */
  chainTime: index,
});

/** One alliance as the chain and its plan tell it. */
export const allianceSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['forming', 'active', 'paused', 'finished', 'cancelled']),
  creator: addressSchema,
  planDigest: digestSchema,
  /** Null until somebody has brought the plan. */
  plan: planSchema.nullable(),
  members: z.array(z.strictObject({ address: addressSchema, index, joinedAt: index, left: z.boolean() })),
  roundsClosed: index,
  /** The accepted global model. */
  model: digestSchema,
  money: z.strictObject({ in: decimalSchema, paid: decimalSchema, refunded: decimalSchema, held: decimalSchema }),
});

/** A round that is over. */
export const closedRoundSchema = z.strictObject({
  round: index,
  attempt: index,
  openedAt: index,
  closedAt: index,
  cohort: z.array(addressSchema),
  survivors: z.array(addressSchema),
  aggregator: addressSchema.nullable(),
  sum: digestSchema.nullable(),
  /** Median change of loss, micro-nats a token; null without a vote. */
  lossChangeMicroNats: z.int().nullable(),
  result: roundResultSchema,
  /** Seconds that each phase took by the hub's clock. */
  phaseSeconds: z.record(z.string(), z.number().min(0)),
  /** Bytes that went through the hub for this round. */
  bytes: index,
});

/** GET /v1/alliances: newest first. */
export const alliancesSchema = z.strictObject({ alliances: z.array(allianceSchema) });

/** GET /v1/alliances/:id/rounds: closed rounds, oldest first. */
export const closedRoundsSchema = z.strictObject({ rounds: z.array(closedRoundSchema) });

/** GET /v1/alliances/:id/messages?round=&kind=&attempt= : accepted messages in the order of the log. */
export const messagesSchema = z.strictObject({
  messages: z.array(z.strictObject({ message: messageSchema, logIndex: index })),
});

/** GET /v1/blobs/:root/missing and PUT of its manifest: chunks that the hub still lacks, ascending. */
export const missingSchema = z.strictObject({ missing: z.array(index) });

/** PUT of a plan or a chunk: it is there, whether it was before or not. */
export const storedSchema = z.strictObject({ stored: z.literal(true) });

/** POST /v1/chain/look. */
export const lookingSchema = z.strictObject({ looking: z.literal(true) });

/** POST /v1/alliances/:id/messages. `duplicate`: the same message was there already. */
export const postedSchema = z.strictObject({ status: z.enum(['accepted', 'duplicate']), logIndex: index });

/** GET /v1/log/checkpoint: a C2SP checkpoint (signed note) of the log. */
export const checkpointSchema = z.strictObject({ size: index, root: digestSchema, note: z.string() });

/** GET /v1/log/inclusion?index=&size= and /v1/log/consistency?from=&to= : hashes of RFC 9162's proofs, in order. */
export const proofSchema = z.strictObject({ hashes: z.array(digestSchema) });

/** GET /v1/log/entries?start=&end= : leaves as they were hashed, base64. */
export const logEntriesSchema = z.strictObject({ entries: z.array(z.base64()) });

/** Every error of the hub: the code and sentence of a BaseError, and hints. */
export const errorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  hints: z.array(z.string()),
  /** Two contradicting messages of one sender, where that is the fault. */
  evidence: z.tuple([messageSchema, messageSchema]).optional(),
});

/** What GET /v1/alliances/:id/events sends: something changed; read it again. */
export const hubEventSchema = z.strictObject({
  id: index,
  alliance: z.string(),
  kind: z.enum(['alliance', 'phase', 'message', 'round-closed']),
  round: index.nullable(),
});

export type Info = z.infer<typeof infoSchema>;
export type AllianceRecord = z.infer<typeof allianceSchema>;
export type ClosedRound = z.infer<typeof closedRoundSchema>;
export type AcceptedMessage = z.infer<typeof messagesSchema>['messages'][number];
export type Posted = z.infer<typeof postedSchema>;
export type Checkpoint = z.infer<typeof checkpointSchema>;
export type HubError = z.infer<typeof errorSchema>;
export type HubEvent = z.infer<typeof hubEventSchema>;
