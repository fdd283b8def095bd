import { digestSchema } from '@skein/core';
import { z } from 'zod';
import { hexSchema } from './hex.ts';
import { roundContextSchema } from './round-context.ts';
import { SHARE_BYTES, sharesMessageSchema } from './secrets/create-shares.ts';
import { publicKeysSchema, roundSecretsSchema } from './secrets/round-secrets.ts';
import { unmaskRequestSchema } from './unmasking/survivor-set.ts';

const count = z.int().min(0);
const shareSchema = hexSchema(SHARE_BYTES);

/**
 * A member in one attempt of a round, as plain JSON. It holds secrets: store it encrypted, and store every new state
 * before what came with it is sent. Optional parts appear one after the other as the round goes on.
 */
export const memberStateSchema = z.strictObject({
  context: roundContextSchema,
  self: z.string(),
  secrets: roundSecretsSchema,
  publicKeys: publicKeysSchema,
  /** From `shareSecrets` on. */
  shared: z
    .strictObject({
      keyring: z.record(z.string(), publicKeysSchema),
      thresholds: z.strictObject({
        members: count,
        shares: count,
        quorum: count,
        everySurvivorSigns: z.boolean(),
        minSurvivors: count,
      }),
      message: sharesMessageSchema,
    })
    .optional(),
  /** From `receiveShares` on. */
  received: z
    .strictObject({
      sharers: z.array(z.string()),
      opened: z.record(z.string(), z.strictObject({ selfSeed: shareSchema, maskSecret: shareSchema })),
    })
    .optional(),
  /** Root of the upload, from `recordUpload` on. */
  uploadRoot: digestSchema.optional(),
  /** The one request that was answered. */
  answered: unmaskRequestSchema.optional(),
});

export type MemberState = z.infer<typeof memberStateSchema>;
