import { addressSchema, decimalSchema } from '@skein/alliance';
import { type Chain, readAlliance, readMembers } from '@skein/chain';
import { digestSchema } from '@skein/core';
import { z } from 'zod';

const index = z.int().min(0);

/** An alliance as the chain told it, as plain JSON for the database. */
export const allianceReadingSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['forming', 'active', 'finished', 'cancelled']),
  paused: z.boolean(),
  creator: addressSchema,
  planDigest: digestSchema,
  initialModel: digestSchema,
  model: digestSchema,
  /** The last round that was opened; 0 before the first. */
  round: index,
  /** Everybody who ever was a member, by index. */
  members: z.array(
    z.strictObject({
      address: addressSchema,
      index,
      weight: decimalSchema,
      isActive: z.boolean(),
      isRemoved: z.boolean(),
    }),
  ),
  params: z.strictObject({
    pool: decimalSchema,
    stake: decimalSchema,
    aggregatorStake: decimalSchema,
    rounds: index,
    minMembers: index,
    maxMembers: index,
    joinMode: z.enum(['open', 'allow-list', 'invitation']),
    candidateSeconds: index,
    commitSeconds: index,
    revealSeconds: index,
    toleranceMicroNats: z.int(),
    evaluatorFeeBps: index,
    unrevealedPenaltyBps: index,
  }),
});

export type AllianceReading = z.infer<typeof allianceReadingSchema>;

/** @returns undefined where the chain has no such alliance (any more). @throws BaseError `chain/…` */
export async function readAllianceNow(chain: Chain, id: string): Promise<AllianceReading | undefined> {
  const info = await readAlliance(chain, BigInt(id));
  if (info === undefined || info.status === 'none') return undefined;
  const members = await readMembers(chain, BigInt(id));
  const { planDigest, initialModel, token: _, pool, stake, aggregatorStake, ...rest } = info.params;
  return {
    id,
    status: info.status,
    paused: info.paused,
    creator: addressSchema.parse(info.creator),
    planDigest,
    initialModel,
    model: info.model,
    round: info.round,
    members: members.map(({ account, index: at, weight, state }) => ({
      address: addressSchema.parse(account),
      index: at,
      weight: String(weight),
      isActive: state === 'active',
      isRemoved: state === 'removed',
    })),
    params: { ...rest, pool: String(pool), stake: String(stake), aggregatorStake: String(aggregatorStake) },
  };
}
