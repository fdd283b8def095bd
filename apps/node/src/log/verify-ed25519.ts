import { createPublicKey, verify } from 'node:crypto';
import type { VerifyEd25519 } from '@skein/core';

/** Ed25519 of node:crypto. */
export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') };
  return verify(null, message, createPublicKey({ key, format: 'jwk' }), signature);
};
