import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import {
  type Address,
  addressSchema,
  type MessageVerifier,
  type Signer,
  type SigningDomain,
  verifyMessage,
} from '@skein/alliance';
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

/** Checks each message once in a world: the answer depends on nothing else, and a signature costs a millisecond. */
export function rememberingVerifier(domain: SigningDomain): MessageVerifier {
  const known = new Map<string, ReturnType<MessageVerifier>>();
  return (value, expected) => {
    const key = JSON.stringify(value);
    let verified = known.get(key);
    if (verified === undefined) known.set(key, (verified = verifyMessage(domain, value)));
    if (!verified.ok || expected === undefined) return verified;
    const { alliance = verified.message.alliance, round = verified.message.round } = expected;
    // The place is compared before the signature, at no cost.
    return alliance === verified.message.alliance && round === verified.message.round
      ? verified
      : verifyMessage(domain, value, expected);
  };
}

export type { Address };
