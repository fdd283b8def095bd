import { type Digest, digestFromHash } from '@skein/core';
import type { AggregationCrypto } from '../crypto-port.ts';
import { addPacked } from '../encoding/pack.ts';
import { packedByteCount } from '../encoding/sum-bits.ts';
import type { PrivacyFault } from '../fault.ts';
import { orderMembers } from '../graph.ts';
import { uploadRoot } from '../masking/upload-root.ts';
import type { RoundContext } from '../round-context.ts';
import type { Keyring } from '../secrets/round-secrets.ts';
import type { OpenedSecrets } from './recover-secrets.ts';
import { removeMasks } from './remove-masks.ts';

/** Gives the stored upload of a survivor; undefined where it is gone. */
export type ReadUpload = (id: string) => Promise<Uint8Array | undefined>;

/** Where the bytes come from, and how not to block whoever else runs. */
export interface SumSource {
  readonly readUpload: ReadUpload;
  /** Awaited after each upload and each piece of unmasking: about 0.1 s apart for 64 members. */
  readonly yieldToEventLoop?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/** What is to be summed. */
export interface SumInput extends SumSource {
  readonly context: RoundContext;
  readonly keyring: Keyring;
  readonly sharers: readonly string[];
  /** Roots of the survivors' uploads, as they signed them. */
  readonly roots: Readonly<Record<string, Digest>>;
  readonly opened: OpenedSecrets;
  /** Coordinates of an upload. */
  readonly length: number;
  /** `sumBits` of the cohort. */
  readonly bits: number;
}

/**
 * `missing-upload`, `altered-upload`: the store doesn't give back what was signed, which convicts nobody.
 * `malformed-upload`: the member signed bytes of another length.
 */
export type UploadFault = PrivacyFault<'missing-upload' | 'altered-upload' | 'malformed-upload'>;

/** The sum of the values, or why there is none. */
export type SumResult =
  | { readonly ok: true; readonly sum: Uint32Array }
  | { readonly ok: false; readonly fault: UploadFault };

/** Sums the uploads and takes off the masks. Holds one upload and the sum in memory: 4 bytes per coordinate. */
export async function sumUploads(crypto: AggregationCrypto, input: SumInput): Promise<SumResult> {
  const survivors = orderMembers(Object.keys(input.roots));
  const dropouts = dropoutsOf(input);
  const sum = new Uint32Array(input.length);
  for (const id of survivors) {
    await pause(input);
    const fault = addUpload(crypto, input, id, { sum, upload: await input.readUpload(id) });
    if (fault !== undefined) return { ok: false, fault };
  }
  for (const _ of removeMasks(crypto, sum, { ...input, survivors, dropouts })) await pause(input);
  return { ok: true, sum };
}

async function pause({ yieldToEventLoop, signal }: SumSource): Promise<void> {
  await yieldToEventLoop?.();
  signal?.throwIfAborted();
}

/** The sharers without an upload. */
export function dropoutsOf({ sharers, roots }: Pick<SumInput, 'sharers' | 'roots'>): string[] {
  return orderMembers(sharers).filter((id) => !Object.hasOwn(roots, id));
}

function addUpload(
  crypto: AggregationCrypto,
  input: SumInput,
  id: string,
  { sum, upload }: { sum: Uint32Array; upload: Uint8Array | undefined },
): UploadFault | undefined {
  if (upload === undefined) return { kind: 'missing-upload', message: `The upload of ${id} is not there any more.` };
  if (uploadRoot(crypto, upload) !== input.roots[id]) {
    return { kind: 'altered-upload', message: `The stored upload of ${id} is not the one it signed.` };
  }
  const byteCount = packedByteCount(input.length, input.bits);
  if (upload.length !== byteCount) {
    const message = `The upload of ${id} has ${upload.length} bytes, not ${byteCount}.`;
    const sha256 = digestFromHash(crypto.sha256(upload));
    return { kind: 'malformed-upload', culprit: id, message, evidence: { byteCount: upload.length, sha256 } };
  }
  addPacked(sum, upload, input.bits);
  return undefined;
}
