import { addressSchema, type Signer } from '@skein/alliance';
import type { PrivateKeyAccount } from 'viem/accounts';

/** An account as messages are signed with: 32 bytes as they are. */
export function signerOf(account: PrivateKeyAccount): Signer {
  return { address: addressSchema.parse(account.address), sign: (hash) => account.sign({ hash }) };
}
