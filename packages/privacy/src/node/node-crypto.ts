import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import type { AggregationCrypto, Keystream, SealKey } from '../crypto-port.ts';

// DER around a raw X25519 key (RFC 8410): the quickest way to hand Node 32 bytes.
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');
const TAG_BYTES = 16;

/** Zeros to be enciphered; grows to the longest piece asked for. */
let zeros = new Uint8Array(0);

/** `AggregationCrypto` over node:crypto and, for Shamir's sharing, the package shamir-secret-sharing. */
export const nodeCrypto: AggregationCrypto = {
  randomBytes: (byteCount) => plain(randomBytes(byteCount)),
  sha256: (data) => plain(createHash('sha256').update(data).digest()),
  createSha256() {
    const hash = createHash('sha256');
    const running = {
      update(data: Uint8Array) {
        hash.update(data);
        return running;
      },
      digest: () => plain(hash.digest()),
    };
    return running;
  },
  hkdfSha256: (secret, info, byteCount) =>
    new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, byteCount)),
  x25519PublicKey: (secret) =>
    plain(createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length)),
  x25519SharedSecret,
  aes256Ctr,
  seal({ key, nonce, associatedData }, plaintext) {
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
    return plain(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
  },
  open: openSealed,
  splitSecret: (secret, shareCount, threshold) => split(plain(secret), shareCount, threshold),
  combineShares: (shares) => combine(shares.map(plain)),
};

function x25519SharedSecret(secret: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
  const publicKey = createPublicKey({ key: der(PUBLIC_PREFIX, peerPublic), format: 'der', type: 'spki' });
  try {
    return plain(diffieHellman({ privateKey: privateKey(secret), publicKey }));
  } catch {
    // OpenSSL fails the derivation exactly when the result would be all zeros.
    return undefined;
  }
}

function aes256Ctr(key: Uint8Array): Keystream {
  const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
  return {
    next(byteCount) {
      if (zeros.length < byteCount) zeros = new Uint8Array(byteCount);
      const bytes = cipher.update(zeros.subarray(0, byteCount));
      return bytes.byteOffset % 8 === 0 ? bytes : plain(bytes);
    },
  };
}

function openSealed({ key, nonce, associatedData }: SealKey, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const ciphertext = sealed.subarray(0, sealed.length - TAG_BYTES);
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData, { plaintextLength: ciphertext.length });
  decipher.setAuthTag(sealed.subarray(ciphertext.length));
  try {
    return plain(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  } catch {
    return undefined;
  }
}

function privateKey(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: der(PRIVATE_PREFIX, secret), format: 'der', type: 'pkcs8' });
}

function der(prefix: Buffer, key: Uint8Array): Buffer {
  if (key.length !== 32) throw new RangeError(`An X25519 key has 32 bytes, got ${key.length}`);
  return Buffer.concat([prefix, key]);
}

/** A copy that is no Buffer and lies in memory of its own. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
