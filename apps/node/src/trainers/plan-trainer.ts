import { decodeModelState, encodeNumbers, opaqueParameters, type Plan } from '@skein/alliance';
import { BaseError } from '@skein/core';
import type { OpaqueTrainer, TrainedRound, Trainer, TrainTask } from './trainer.ts';

/** A plan's trainer on the bytes that members exchange, whatever these mean. */
export interface PlanTrainer {
  /** @returns as `update`, the bytes of an upload in clear */
  train(task: Omit<TrainTask, 'parameters'> & { readonly model: Uint8Array }): Promise<TrainedRound<Uint8Array>>;
  /** @param model the blob of a global model */
  evaluate(model: Uint8Array, signal: AbortSignal): Promise<number>;
  /** Of plans with opaque parameters. */
  readonly aggregate?: OpaqueTrainer['aggregate'];
  close(): Promise<void>;
}

/** @throws (the calls) BaseError `node/wrong-model` where the plan has another number of parameters than the model */
export function createPlanTrainer(plan: Plan, trainer: Trainer | OpaqueTrainer): PlanTrainer {
  if (isOpaque(trainer)) {
    return {
      train: ({ model, ...task }) => trainer.train({ ...task, parameters: opaqueParameters(model) }),
      evaluate: (model, signal) => trainer.evaluate(opaqueParameters(model), signal),
      aggregate: (parameters, signal) => trainer.aggregate(parameters, signal),
      close: () => trainer.close(),
    };
  }
  return {
    async train({ model, ...task }) {
      const { update, ...trained } = await trainer.train({ ...task, parameters: numbersOf(plan, model) });
      return { ...trained, update: encodeNumbers(update) };
    },
    evaluate: async (model, signal) => trainer.evaluate(numbersOf(plan, model), signal),
    close: () => trainer.close(),
  };
}

function isOpaque(trainer: Trainer | OpaqueTrainer): trainer is OpaqueTrainer {
  return 'aggregate' in trainer;
}

function numbersOf({ parameterCount }: Plan, model: Uint8Array): Float32Array {
  const { parameters } = decodeModelState(model);
  if (parameters.length === parameterCount) return parameters;
  const message = `The global model has ${parameters.length} parameters, the plan ${parameterCount}.`;
  throw new BaseError('node/wrong-model', message, {
    hints: ['It was made under another plan: take the alliance’s own model, as the chain names it.'],
  });
}
