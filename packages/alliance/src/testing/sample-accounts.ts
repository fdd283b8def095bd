import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { fromHex, toHex } from '../signing/abi-words.ts';
import type { SigningDomain } from '../signing/message-hash.ts';
import type { Signer } from '../signing/sign-message.ts';
import { addressSchema } from '../units.ts';

export const sampleDomain: SigningDomain = { chainId: 31337, contract: addressSchema.parse(`0x${'11'.repeat(20)}`) };

/** An account with a real key. @param seed 1 … 255 */
export function accountAt(seed: number): Signer {
  const key = new Uint8Array(32).fill(seed);
  const publicKey = secp256k1.getPublicKey(key, false);
  return {
    address: addressSchema.parse(toHex(keccak_256(publicKey.subarray(1)).subarray(12))),
    sign(hash) {
      const bytes = secp256k1.sign(fromHex(hash), key, { prehash: false, format: 'recovered' });
      return Promise.resolve(`${toHex(bytes.subarray(1))}${(27 + bytes[0]!).toString(16)}`);
    },
  };
}
