import { digestSchema } from '@skein/core';
import { z } from 'zod';
import { MAX_MEMBERS } from './limits.ts';
import { addressSchema, hexSchema, memberSetSchema } from './units.ts';

/** Version of everything that members and hub say to each other. */
export const PROTOCOL = 'skein/1';

const index = z.int().min(0);
const key32 = hexSchema.length(66);

/** The last state of the hub's log that the sender has verified: what lets members notice a split view. */
const seenLogSchema = z.strictObject({ size: index, root: digestSchema });
const chosen = z.array(addressSchema).max(MAX_MEMBERS);

/** Fresh public keys of one member for one round, and what its self-mask's seed hashes to. */
export const keysBodySchema = z.strictObject({
  cipherKey: key32,
  maskKey: key32,
  selfSeedCommitment: key32,
  log: seenLogSchema,
});

/** Shares of the sender's two secrets, each sealed for its recipient, and the hash of each share in clear. */
export const sharesBodySchema = z.strictObject({
  /** Digest of all keys messages that the sender saw: binds it to one view of the cohort. */
  keys: digestSchema,
  sealed: z.record(addressSchema, hexSchema),
  commitments: z.record(addressSchema, z.strictObject({ selfSeed: key32, maskSecret: key32 })),
});

/** What the sender trained, masked (or plain in clear mode), as a blob. */
export const uploadBodySchema = z.strictObject({
  /** Those whose masks it carries: members whose shares the sender holds; empty in clear mode. */
  cohort: chosen,
  /** Digest of all shares messages that the sender saw; null in clear mode. */
  shares: digestSchema.nullable(),
  /** Merkle root of the blob. */
  root: digestSchema,
  sizeBytes: z.int().positive(),
  log: seenLogSchema,
});

/** One set of survivors, signed once. On the chain its digest is `keccak256(abi.encode(cohort, survivors, uploadsRoot))`. */
export const survivorsBodySchema = z.strictObject({
  cohort: memberSetSchema,
  survivors: memberSetSchema,
  /** Merkle root over the survivors' upload messages, in the order of their addresses. */
  uploadsRoot: digestSchema,
});

/** Opened shares: of survivors' self-mask seeds and of dropped members' mask secrets. */
export const unmaskBodySchema = z.strictObject({
  selfSeeds: z.record(addressSchema, hexSchema),
  maskSecrets: z.record(addressSchema, hexSchema),
});

/** The aggregator's sum and the global model that follows from it, both as blobs. */
export const sumBodySchema = z.strictObject({
  sum: digestSchema,
  sumBytes: z.int().positive(),
  model: digestSchema,
  modelBytes: z.int().positive(),
});

/** ⟨r, x⟩ mod 2³¹−1 for eight challenges, each under a zero-sum mask. */
export const checkBodySchema = z.strictObject({ sum: digestSchema, products: z.array(z.int().min(0)).length(8) });

/** What the sender's replay of the round gave; signed on the chain as `keccak256(abi.encode(posted, replayed))`. */
export const replayBodySchema = z.strictObject({ posted: digestSchema, replayed: digestSchema });

/** Self-reported progress, for people to watch; pays nothing and decides nothing. */
export const reportBodySchema = z.strictObject({
  trainLossMicroNats: z.int().nullable(),
  evaluationLossMicroNats: z.int().nullable(),
  trainSeconds: z.number().min(0),
});

/** Body of each kind of message. Kinds carry their version. */
export const bodySchemas = {
  'round/keys/1': keysBodySchema,
  'round/shares/1': sharesBodySchema,
  'round/upload/1': uploadBodySchema,
  'round/survivors/1': survivorsBodySchema,
  'round/unmask/1': unmaskBodySchema,
  'round/sum/1': sumBodySchema,
  'round/check/1': checkBodySchema,
  'round/replay/1': replayBodySchema,
  'round/report/1': reportBodySchema,
} as const;

export type MessageKind = keyof typeof bodySchemas;
export type BodyOf<Kind extends MessageKind> = z.infer<(typeof bodySchemas)[Kind]>;
export const MESSAGE_KINDS = Object.keys(bodySchemas) as readonly MessageKind[];

const common = {
  protocol: z.literal(PROTOCOL),
  /** The alliance's number in the contract. */
  alliance: z.string().regex(/^(0|[1-9][0-9]{0,18})$/),
  round: index,
  attempt: index,
  sender: addressSchema,
  /** EIP-712 signature of the sender's account over (alliance, round, attempt, kind, digest of the body). */
  signature: hexSchema.length(132),
};

const envelopeOf = <Kind extends MessageKind>(kind: Kind) =>
  z.strictObject({ ...common, kind: z.literal(kind), body: bodySchemas[kind] });

/**
 * A signed message. One sender says one thing for one (alliance, round, attempt, kind): sending it again changes
 * nothing, and two different ones are a proof of equivocation.
 */
export const messageSchema = z.discriminatedUnion('kind', [
  envelopeOf('round/keys/1'),
  envelopeOf('round/shares/1'),
  envelopeOf('round/upload/1'),
  envelopeOf('round/survivors/1'),
  envelopeOf('round/unmask/1'),
  envelopeOf('round/sum/1'),
  envelopeOf('round/check/1'),
  envelopeOf('round/replay/1'),
  envelopeOf('round/report/1'),
]);

export type Message = z.infer<typeof messageSchema>;
export type MessageOf<Kind extends MessageKind> = Extract<Message, { kind: Kind }>;
