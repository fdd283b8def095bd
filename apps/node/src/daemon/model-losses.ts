import { join } from 'node:path';
import { decodeModelState } from '@skein/alliance';
import { BaseError, type Digest, digestSchema } from '@skein/core';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../files/json-file.ts';
import type { AllianceContext } from './alliance-context.ts';

const lossesSchema = z.record(digestSchema, z.int());

/** The trained numbers of a global model. @throws BaseError `node/wrong-model` where the plan has another number of them. */
export async function readParameters(
  context: AllianceContext,
  model: Digest,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { parameters } = decodeModelState(await context.blobs.get(model, signal));
  const { parameterCount } = context.membership.plan;
  if (parameters.length === parameterCount) return parameters;
  const message = `The model ${model} has ${parameters.length} parameters, the plan ${parameterCount}.`;
  throw new BaseError('node/wrong-model', message, {
    hints: ['It was made under another plan: take the alliance’s own model, as the chain names it.'],
  });
}

/** A model's loss on the own held-back data; measured once, since this round's candidate is the next one's model. */
export async function lossOf(context: AllianceContext, model: Digest, signal: AbortSignal): Promise<number> {
  const path = join(context.folder, 'losses.json');
  const known = (await readJsonFile(path, lossesSchema)) ?? {};
  const loss = known[model];
  if (loss !== undefined) return loss;
  const trainer = await context.trainer();
  const parameters = await readParameters(context, model, signal);
  const startedMs = performance.now();
  const measured = await trainer.evaluate(parameters, signal);
  context.logger.debug({ model, evaluatedMs: Math.round(performance.now() - startedMs) }, 'Evaluated.');
  if (Number.isSafeInteger(measured)) await writeJsonFile(path, { ...known, [model]: measured });
  return measured;
}
