import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Address } from '../units.ts';
import { fromHex, toHex } from './abi-words.ts';

/**
 * The account whose signature this is; undefined where it is nobody's. As the contract does, it refuses the second
 * spelling that every ECDSA signature has (high s) and values of v other than 27 and 28. Takes about a millisecond.
 */
export function recoverSigner(hash: string, signature: string): Address | undefined {
  const bytes = fromHex(signature);
  const v = bytes[64];
  if (bytes.length !== 65 || (v !== 27 && v !== 28)) return undefined;
  try {
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact');
    if (parsed.hasHighS()) return undefined;
    const point = parsed.addRecoveryBit(v - 27).recoverPublicKey(fromHex(hash));
    return toHex(keccak_256(point.toBytes(false).subarray(1)).subarray(12)) as unknown as Address;
  } catch {
    // No curve point has this r, or r or s is out of range.
    return undefined;
  }
}
