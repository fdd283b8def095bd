import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { addressSchema, type Signer } from '@skein/alliance';
import { createHash } from 'node:crypto';

/** An account with a real key, made from a name. */
export function accountOf(name: string): Signer {
  const key = createHash('sha256').update(`account ${name}`).digest();
  const publicKey = secp256k1.getPublicKey(key, false);
  return {
    address: addressSchema.parse(`0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`),
    sign(hash) {
      const [recovery, ...rest] = secp256k1.sign(hexToBytes(hash.slice(2)), key, {
        prehash: false,
        format: 'recovered',
      });
      return Promise.resolve(`0x${bytesToHex(Uint8Array.from(rest))}${(27 + recovery!).toString(16)}`);
    },
  };
}
