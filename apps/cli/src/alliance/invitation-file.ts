import { readFile } from 'node:fs/promises';
import { addressSchema, invitationSchema } from '@skein/chain';
import { BaseError } from '@skein/core';
import { z } from 'zod';

/** What a creator sends to somebody who should join: where to go, what to pin, and his signed word. */
export const invitationFileSchema = z.strictObject({
  version: z.literal('invitation-file/1'),
  hub: z.url(),
  alliance: z.string(),
  pins: z.strictObject({ chainId: z.int().positive(), alliance: addressSchema, logKey: z.string() }),
  invitation: invitationSchema,
});

export type InvitationFile = z.infer<typeof invitationFileSchema>;

/** @throws BaseError `cli/bad-invitation-file` */
export async function readInvitationFile(file: string): Promise<InvitationFile> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw badFile(file, 'can’t be read', cause);
  });
  try {
    return invitationFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw badFile(file, 'is no invitation', cause);
  }
}

/** JSON of an invitation file; big numbers as decimal texts, which reading takes back. */
export function formatInvitationFile(file: InvitationFile): string {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
  return `${JSON.stringify(file, plain, 2)}\n`;
}

function badFile(file: string, fault: string, cause: unknown): BaseError {
  return new BaseError('cli/bad-invitation-file', `${file} ${fault}.`, {
    info: { file },
    hints: ['Ask the creator for the file that "skein alliance invite" writes.'],
    cause,
  });
}
