import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { addressSchema, planSchema } from '@skein/alliance';
import { compareCodePoints, digestSchema } from '@skein/core';
import { z } from 'zod';
import { nameSchema } from '../config/node-config.ts';
import { readJsonFile, writeJsonFile } from '../files/json-file.ts';

/** What the owner agreed to when joining an alliance; nothing of it comes from the hub later on. */
export const membershipSchema = z.strictObject({
  version: z.literal('membership/1'),
  /** The alliance's number in the contract. */
  alliance: z.string().regex(/^(0|[1-9][0-9]{0,18})$/),
  /** The account that joined. */
  address: addressSchema,
  creator: addressSchema,
  plan: planSchema,
  planDigest: digestSchema,
  /** Folder of the base model; null for custom methods. */
  model: z.string().nullable(),
  /** Name of the data folder, and of the trainer. */
  data: nameSchema,
  trainer: nameSchema,
  /** Whether the owner said yes in person, where the policy asks. */
  consented: z.boolean(),
  /** Whether the owner has left: the daemon does nothing more. */
  left: z.boolean(),
});

export type Membership = z.infer<typeof membershipSchema>;

/** Folder of an alliance in the node's directory. */
export function allianceFolder(directory: string, alliance: string): string {
  return join(directory, 'alliances', alliance);
}

/** Writes a membership, new or changed. */
export async function writeMembership(directory: string, membership: Membership): Promise<void> {
  const folder = allianceFolder(directory, membership.alliance);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeJsonFile(join(folder, 'membership.json'), membership);
}

/** @returns null where this node isn't in that alliance. */
export async function readMembership(directory: string, alliance: string): Promise<Membership | null> {
  return await readJsonFile(join(allianceFolder(directory, alliance), 'membership.json'), membershipSchema);
}

/** All alliances that the node has joined, those it left included. */
export async function readMemberships(directory: string): Promise<Membership[]> {
  const names = await readdir(join(directory, 'alliances')).catch(() => []);
  const found = await Promise.all(names.toSorted(compareCodePoints).map((name) => readMembership(directory, name)));
  return found.filter((membership) => membership !== null);
}
