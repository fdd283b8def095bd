import { readFile } from 'node:fs/promises';
import { blobManifestOf, blobRoot, encodeModelState, parseFloat32, parsePlan } from '@skein/alliance';
import { BaseError, digestOfBytes, digestOfJson } from '@skein/core';
import type { PlanWithModel } from './make-plan.ts';
import type { PlanSettings } from './plan-settings.ts';

/**
 * A plan for parameters that only the members' own trainers understand. Base model and layout are named after the first
 * parameters, since there is nothing else to name.
 * @throws BaseError `cli/bad-parameters`
 */
export async function customPlan(name: string, initialFile: string, settings: PlanSettings): Promise<PlanWithModel> {
  const bytes = await readFile(initialFile);
  const parameters = parseFloat32(bytes);
  if (parameters === undefined || parameters.length === 0) {
    throw new BaseError(
      'cli/bad-parameters',
      `${initialFile} has ${bytes.length} bytes, which are no float32 numbers.`,
      {
        hints: ['Write the parameters as float32, little-endian, four bytes each, and nothing else.'],
      },
    );
  }
  const initialModel = encodeModelState({ parameters, optimiser: {} });
  const plan = parsePlan({
    version: 'plan/1',
    name,
    baseModel: digestOfBytes(bytes),
    parameters: digestOfJson({ version: 'custom-parameters/1', count: parameters.length }),
    parameterCount: parameters.length,
    initialModel: blobRoot(blobManifestOf(initialModel)),
    ...settings,
  });
  return { plan, initialModel };
}
