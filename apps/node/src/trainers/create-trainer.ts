import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { opaqueRule, type Plan } from '@skein/alliance';
import { BaseError } from '@skein/core';
import type { NodeConfig } from '../config/node-config.ts';
import { createCallTrainer } from './call/call-trainer.ts';
import { createCommandCall } from './call/command-call.ts';
import { createHttpCall } from './call/http-call.ts';
import { findDataFiles } from './data-files.ts';
import { createOpaqueTrainer } from './call/opaque-trainer.ts';
import { createEngineTrainer } from './engine/engine-trainer.ts';
import type { OpaqueTrainer, Trainer } from './trainer.ts';

/** Name of the built-in trainer. */
export const ENGINE = 'engine';

/** What an answer may hold besides its parameters, which base64 makes a third longer. */
const SMALL_ANSWER_BYTES = 64 * 1024;

export interface TrainerChoice {
  readonly plan: Plan;
  readonly trainer: string;
  /** Folder of the base model; null for custom methods. */
  readonly model: string | null;
  /** Name of the data folder. */
  readonly data: string;
}

/**
 * The trainer that a membership names.
 * @param directory the node's, to which relative paths refer.
 * @throws BaseError `node/unknown-trainer`, `node/wrong-trainer`, `node/no-data`.
 */
export async function createTrainer(
  directory: string,
  config: NodeConfig,
  choice: TrainerChoice,
): Promise<Trainer | OpaqueTrainer> {
  const { plan, trainer: name } = choice;
  if ((plan.method.kind === 'custom') !== (name !== ENGINE)) {
    throw new BaseError('node/wrong-trainer', `The trainer "${name}" can't train the method ${plan.method.kind}.`, {
      hints: ['Plans with a custom method need a trainer of node.json; all others the built-in "engine".'],
    });
  }
  if (name === ENGINE) {
    const data = await findDataFiles(resolve(directory, dataFolder(config, choice.data)));
    const threads = config.threads ?? availableParallelism();
    if (choice.model === null) throw new BaseError('node/no-model', 'No folder of the base model was named.');
    return createEngineTrainer({ plan, model: resolve(directory, choice.model), data, threads });
  }
  const chosen = config.trainers[name];
  if (chosen === undefined) {
    throw new BaseError('node/unknown-trainer', `There is no trainer "${name}" in node.json.`, {
      hints: [`Known: ${[ENGINE, ...Object.keys(config.trainers)].join(', ')}.`],
    });
  }
  const opaque = opaqueRule(plan);
  const { parameterCount } = plan;
  const parametersBytes = opaque?.maxBytes ?? 4 * parameterCount;
  const limits = { timeoutMs: chosen.timeoutSeconds * 1000, answerBytes: 2 * parametersBytes + SMALL_ANSWER_BYTES };
  const call =
    chosen.kind === 'http'
      ? createHttpCall(chosen.url, limits)
      : createCommandCall({ command: chosen.command, folder: resolve(directory, chosen.folder), ...limits });
  if (opaque === null) return createCallTrainer({ name, parameterCount, call });
  return createOpaqueTrainer({ name, maxBytes: opaque.maxBytes, call });
}

/** @throws BaseError `node/unknown-data` */
export function dataFolder(config: NodeConfig, name: string): string {
  const folder = config.data[name];
  if (folder !== undefined) return folder;
  throw new BaseError('node/unknown-data', `There is no data folder "${name}" in node.json.`, {
    hints: [`Known: ${Object.keys(config.data).join(', ') || 'none'}.`],
  });
}
