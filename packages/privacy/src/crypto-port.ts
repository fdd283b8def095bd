/** A running AES-256-CTR keystream. */
export interface Keystream {
  /**
   * The next bytes of the stream, starting at a multiple of 8 bytes in their buffer, so that a typed array can lie over
   * them. They belong to the caller; `byteCount` must be a multiple of 16 except in the last call.
   */
  next(byteCount: number): Uint8Array;
}

/** A SHA-256 computation in progress; serves once. */
export interface RunningSha256 {
  update(data: Uint8Array): RunningSha256;
  digest(): Uint8Array;
}

/**
 * Everything of cryptography that secure aggregation uses, so that the room stays pure: `nodeCrypto` of
 * `@skein/privacy/node` does it with node:crypto. Randomness comes from here too; a simulation replaces `randomBytes`
 * (`{ ...nodeCrypto, randomBytes: seeded }`). Keys and secrets are 32 bytes unless said otherwise.
 */
export interface AggregationCrypto {
  /** From the system's generator for cryptography. */
  randomBytes(byteCount: number): Uint8Array;
  sha256(data: Uint8Array): Uint8Array;
  createSha256(): RunningSha256;
  /** HKDF-SHA256 with an empty salt. @see RFC 5869 */
  hkdfSha256(secret: Uint8Array, info: Uint8Array, byteCount: number): Uint8Array;
  /** @see RFC 7748 §5 */
  x25519PublicKey(secret: Uint8Array): Uint8Array;
  /** Undefined where the peer's key is of low order, so that anybody would know the result. @see RFC 7748 §6.1 */
  x25519SharedSecret(secret: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined;
  /** AES-256 in counter mode from counter zero; a key serves for one stream only. @see NIST SP 800-38A */
  aes256Ctr(key: Uint8Array): Keystream;
  /** ChaCha20-Poly1305: ciphertext, then 16 bytes of tag. The nonce has 12 bytes. @see RFC 8439 */
  seal(box: SealKey, plaintext: Uint8Array): Uint8Array;
  /** Undefined where the tag doesn't fit. */
  open(box: SealKey, sealed: Uint8Array): Uint8Array | undefined;
  /** Shamir's sharing over GF(2^8): `shareCount` shares, each one byte longer than the secret; any `threshold` give it back. */
  splitSecret(secret: Uint8Array, shareCount: number, threshold: number): Promise<Uint8Array[]>;
  /** Shares of one secret, all different; with fewer than the threshold the result is noise. */
  combineShares(shares: readonly Uint8Array[]): Promise<Uint8Array>;
}

/** What seals a message: key, nonce of 12 bytes, and data that must be the same on both sides but isn't sent. */
export interface SealKey {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly associatedData: Uint8Array;
}
