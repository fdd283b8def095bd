import { readFile } from 'node:fs/promises';
import {
  blobManifestOf,
  blobRoot,
  encodeModelState,
  NO_PARAMETERS,
  opaqueRule,
  parseFloat32,
  parsePlan,
} from '@skein/alliance';
import { BaseError, digestOfBytes, digestOfJson } from '@skein/core';
import { UsageError } from '../usage-error.ts';
import type { PlanWithModel } from './make-plan.ts';
import type { PlanSettings } from './plan-settings.ts';

/**
 * A plan for parameters that only the members' own trainers understand. Base model and layout are named after the first
 * parameters, since there is nothing else to name.
 * @param initialFile may be left out where parameters are opaque: trainers then start from nothing
 * @throws BaseError `cli/bad-parameters`
 */
export async function customPlan(
  name: string,
  initialFile: string | undefined,
  settings: PlanSettings,
): Promise<PlanWithModel> {
  const { bytes, layout, parameterCount, initialModel } =
    opaqueRule(settings) === null ? await readNumbers(initialFile) : await readOpaque(initialFile);
  const plan = parsePlan({
    version: 'plan/1',
    name,
    baseModel: digestOfBytes(bytes),
    parameters: digestOfJson({ version: 'custom-parameters/1', ...layout }),
    parameterCount,
    initialModel: blobRoot(blobManifestOf(initialModel)),
    ...settings,
  });
  return { plan, initialModel };
}

async function readNumbers(file: string | undefined) {
  if (file === undefined) throw new UsageError('cli/missing-option', 'A custom method needs --initial FILE.');
  const bytes = await readFile(file);
  const parameters = parseFloat32(bytes);
  if (parameters === undefined || parameters.length === 0) {
    throw badParameters(`${file} has ${bytes.length} bytes, which are no float32 numbers.`);
  }
  const count = parameters.length;
  return {
    bytes,
    layout: { count },
    parameterCount: count,
    initialModel: encodeModelState({ parameters, optimiser: {} }),
  };
}

async function readOpaque(file: string | undefined) {
  const bytes = file === undefined ? NO_PARAMETERS : await readFile(file);
  if (bytes.length === 0) throw badParameters(`${file} is empty.`);
  return { bytes, layout: { opaque: true }, parameterCount: 0, initialModel: bytes };
}

function badParameters(sentence: string): BaseError {
  return new BaseError('cli/bad-parameters', sentence, {
    hints: [
      'Write the parameters as float32, little-endian, four bytes each, and nothing else; for opaque ones, what the trainer reads.',
    ],
  });
}
