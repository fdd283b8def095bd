import { getAddress, isAddress } from 'viem';
import { z } from 'zod';

/** An account or a contract, with EIP-55's checksum; other spellings are accepted and rewritten. */
export const addressSchema = z
  .string()
  .refine((text) => isAddress(text, { strict: false }), 'expected an address: 0x and 40 hexadecimal digits')
  .transform((text) => getAddress(text));

/** Where the contracts of a deployment are: `address-book.json`, which every process is given. */
export const addressBookSchema = z.strictObject({
  chainId: z.int().positive(),
  /** Token of bonds, and the default one of pools. */
  token: addressSchema,
  staking: addressSchema,
  alliance: addressSchema,
  rewards: addressSchema,
  registry: addressSchema,
  /** Nothing of ours happened before this block; indexers start here. */
  deployedAtBlock: z.int().nonnegative(),
});

export type AddressBook = z.infer<typeof addressBookSchema>;
