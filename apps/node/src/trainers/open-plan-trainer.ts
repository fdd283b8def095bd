import type { Plan } from '@skein/alliance';
import { BaseError, type Digest } from '@skein/core';
import { assertBaseModel } from '@skein/engine/node';
import type { NodeConfig } from '../config/node-config.ts';
import { createTrainer, type TrainerChoice } from './create-trainer.ts';
import type { EngineInfo } from './engine/engine-messages.ts';
import type { EngineTrainer } from './engine/engine-trainer.ts';
import type { OpaqueTrainer, Trainer } from './trainer.ts';

/**
 * Opens the trainer for a plan and makes sure that it trains what the plan names.
 * @throws BaseError `engine/other-model`, `node/other-parameters`, and those of `createTrainer`
 */
export async function openPlanTrainer(
  directory: string,
  config: NodeConfig,
  choice: TrainerChoice,
): Promise<Trainer | OpaqueTrainer> {
  const trainer = await createTrainer(directory, config, choice);
  try {
    if (isEngine(trainer)) assertFits(choice, await trainer.info());
    return trainer;
  } catch (error) {
    await trainer.close();
    throw error;
  }
}

/** Whether a trainer is the built-in one. */
export function isEngine(trainer: Trainer | OpaqueTrainer): trainer is EngineTrainer {
  return 'info' in trainer;
}

function assertFits({ plan, model }: TrainerChoice, info: EngineInfo): void {
  assertBaseModel(model ?? '', { found: info.modelDigest, expected: plan.baseModel });
  if (info.parameters === plan.parameters && info.parameterCount === plan.parameterCount) return;
  throw otherParameters(plan, info.parameters);
}

function otherParameters(plan: Plan, found: Digest): BaseError {
  const message = `The plan's method gives other trained tensors here (${found}) than the plan says (${plan.parameters}).`;
  return new BaseError('node/other-parameters', message, {
    info: { found, expected: plan.parameters },
    hints: ['The plan was made with another version or for another model; ask its creator.'],
  });
}
