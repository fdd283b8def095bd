import { generateKeyPairSync, type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import type { VerifyStatement } from '../unmasking/survivor-set.ts';

const pairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();

/** An id like an address; in another order than the indices, so that nothing can rely on that. */
export function memberId(index: number): string {
  return `0x${((index * 37 + 11) % 256).toString(16).padStart(2, '0')}${index.toString(16).padStart(4, '0')}`;
}

/** A real Ed25519 signature of a member, made with a key of its own. */
export function sign(signer: string, statement: string): string {
  return signBytes(null, Buffer.from(statement), keysOf(signer).privateKey).toString('hex');
}

/** Whether a member signed a statement. */
export const verify: VerifyStatement = (signer, statement, signature) =>
  verifyBytes(null, Buffer.from(statement), keysOf(signer).publicKey, Buffer.from(signature, 'hex'));

function keysOf(signer: string): { publicKey: KeyObject; privateKey: KeyObject } {
  const known = pairs.get(signer) ?? generateKeyPairSync('ed25519');
  pairs.set(signer, known);
  return known;
}
