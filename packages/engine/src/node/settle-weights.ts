import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError, type Digest } from '@skein/core';
import { writeDurably } from './durable-file.ts';

/**
 * Notes in a run directory which weights the run was started with, or compares them with what is noted there. They are
 * known only once all have been read, which goes on beside the first step.
 * @throws BaseError `engine/other-weights`, `engine/disk-full`, `engine/not-writable`.
 */
export async function settleWeights(directory: string, digest: Digest): Promise<void> {
  const path = join(directory, 'weights.sha256');
  const noted = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (noted === null) return writeDurably(path, [new TextEncoder().encode(`${digest}\n`)]);
  if (noted.trim() === digest) return;
  throw new BaseError('engine/other-weights', `The run in ${directory} was started on other weights.`, {
    info: { directory, noted: noted.trim(), found: digest },
    hints: ['Resume with the model that the run was started on, or start a new run.'],
  });
}
