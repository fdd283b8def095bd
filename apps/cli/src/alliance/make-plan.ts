import { blobManifestOf, blobRoot, encodeModelState, type Plan, parsePlan } from '@skein/alliance';
import { digestOfUpdateManifest, updateElementCount } from '@skein/core';
import type { LocalTrainer } from '@skein/engine/node';
import type { PlanSettings } from './plan-settings.ts';

/** A plan, and the global model that its first round starts from. */
export interface PlanWithModel {
  readonly plan: Plan;
  /** The blob that the plan names as its initial model. */
  readonly initialModel: Uint8Array;
}

/** Makes a plan for a model that is open with the plan's method. */
export function makePlan(name: string, trainer: LocalTrainer, settings: PlanSettings): PlanWithModel {
  const { manifest, initial, modelDigest } = trainer;
  const initialModel = encodeModelState({ parameters: initial.values, optimiser: {} });
  const plan = parsePlan({
    version: 'plan/1',
    name,
    baseModel: modelDigest,
    parameters: digestOfUpdateManifest(manifest),
    parameterCount: updateElementCount(manifest),
    initialModel: blobRoot(blobManifestOf(initialModel)),
    ...settings,
  });
  return { plan, initialModel };
}
