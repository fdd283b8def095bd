import { join } from 'node:path';
import { type Digest, digestSchema } from '@skein/core';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../files/json-file.ts';
import type { AllianceContext } from './alliance-context.ts';

const lossesSchema = z.record(digestSchema, z.int());

/** A model's loss on the own held-back data; measured once, since this round's candidate is the next one's model. */
export async function lossOf(context: AllianceContext, model: Digest, signal: AbortSignal): Promise<number> {
  const path = join(context.folder, 'losses.json');
  const known = (await readJsonFile(path, lossesSchema)) ?? {};
  const loss = known[model];
  if (loss !== undefined) return loss;
  const trainer = await context.trainer();
  const bytes = await context.blobs.get(model, signal);
  const startedMs = performance.now();
  const measured = await trainer.evaluate(bytes, signal);
  context.logger.debug({ model, evaluatedMs: Math.round(performance.now() - startedMs) }, 'Evaluated.');
  if (Number.isSafeInteger(measured)) await writeJsonFile(path, { ...known, [model]: measured });
  return measured;
}
