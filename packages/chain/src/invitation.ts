import { isAddressEqual, type LocalAccount, recoverTypedDataAddress, zeroAddress } from 'viem';
import { z } from 'zod';
import { type AddressBook, addressSchema } from './address-book.ts';
import { allianceDomain } from './alliance-message.ts';

const hex = (bytes: number) => z.templateLiteral(['0x', z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))]);

/** A creator's signed word that somebody may join: what an invitation file holds. */
export const invitationSchema = z.strictObject({
  alliance: z.coerce.bigint().positive(),
  /** The zero address stands for whoever presents it first: treat such a file like money. */
  invitee: addressSchema,
  /** Serves once. */
  nonce: hex(32),
  /** First second, since 1970, at which it is no longer good. */
  expiry: z.int().positive(),
  signature: hex(65),
});

export type Invitation = z.infer<typeof invitationSchema>;

const types = {
  Invitation: [
    { name: 'alliance', type: 'uint256' },
    { name: 'invitee', type: 'address' },
    { name: 'nonce', type: 'bytes32' },
    { name: 'expiry', type: 'uint64' },
  ],
} as const;

/**
 * Signs an invitation as the alliance's creator.
 * @param invitation its nonce must be random: 32 bytes from the system's generator
 */
export async function signInvitation(
  creator: LocalAccount,
  book: AddressBook,
  invitation: Omit<Invitation, 'signature'>,
): Promise<Invitation> {
  return { ...invitation, signature: await creator.signTypedData(typedData(book, invitation)) };
}

export type InvitationVerdict = 'good' | 'not-from-creator' | 'for-somebody-else' | 'expired';

/** What the contract would say of an invitation, but for its single use. `nowSeconds` since 1970. */
export async function verifyInvitation(
  book: AddressBook,
  invitation: Invitation,
  { creator, invitee, nowSeconds }: { creator: `0x${string}`; invitee: `0x${string}`; nowSeconds: number },
): Promise<InvitationVerdict> {
  const { signature } = invitation;
  const signer = await recoverTypedDataAddress({ ...typedData(book, invitation), signature }).catch(() => zeroAddress);
  if (!isAddressEqual(signer, creator)) return 'not-from-creator';
  const forAnybody = isAddressEqual(invitation.invitee, zeroAddress);
  if (!forAnybody && !isAddressEqual(invitation.invitee, invitee)) return 'for-somebody-else';
  return nowSeconds >= invitation.expiry ? 'expired' : 'good';
}

function typedData(book: AddressBook, { alliance, invitee, nonce, expiry }: Omit<Invitation, 'signature'>) {
  const message = { alliance, invitee, nonce, expiry: BigInt(expiry) };
  return { domain: allianceDomain(book), types, primaryType: 'Invitation', message } as const;
}
