import type { Digest } from '@skein/core';
import type { AggregationCrypto } from '@skein/privacy';
import { verifyBlob } from '../blob-manifest.ts';

/** Where the bytes come from. */
export interface BlobSource {
  /** The whole blob; undefined where it can't be had. It is checked against its root. */
  readonly read: (root: Digest) => Promise<Uint8Array | undefined>;
  /** The trainer's `aggregate`, for plans of opaque parameters; null where it refuses these. Throws where it is down. */
  readonly aggregate?: Aggregate | undefined;
  readonly signal?: AbortSignal;
}

/** Makes members' opaque parameters one. */
export type Aggregate = (parameters: readonly Uint8Array[]) => Promise<Uint8Array | null>;

/** A blob that is what its root names; undefined where it can't be had. */
export async function readBlob(
  crypto: AggregationCrypto,
  source: BlobSource,
  root: Digest,
): Promise<Uint8Array | undefined> {
  const bytes = await source.read(root);
  return bytes !== undefined && verifyBlob(bytes, root, () => crypto.createSha256()) ? bytes : undefined;
}
