import { type AggregationCrypto, maskedUpload, quantise } from '@skein/privacy';
import { encodeNumbers } from '../model/number-bytes.ts';
import type { UploadJob } from './member-input.ts';

/**
 * Carries out the effect `make-upload`: the bytes of the blob, in pieces. The same update and job give the same bytes;
 * one job must never be used for two updates that are both sent, whose masks would cancel out.
 */
export function* makeUpload(
  crypto: AggregationCrypto,
  job: UploadJob,
  update: Float32Array,
): Generator<Uint8Array, void> {
  if (job.kind === 'clear') {
    yield encodeNumbers(update);
    return;
  }
  const values = quantise(crypto, update, job.quantiser, job.input);
  yield* maskedUpload(crypto, job.view, values, job.masks);
}
