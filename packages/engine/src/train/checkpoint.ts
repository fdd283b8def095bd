import { BaseError } from '@skein/core';
import { z } from 'zod';
import type { Parameter } from './differentiable-model.ts';

const evaluationSchema = z.strictObject({ step: z.int().min(0), loss: z.number() });

/** The numbers of a run between two steps; with the tensors they decide everything that follows. */
export const trainerStateSchema = z.strictObject({
  version: z.literal('train-state/1'),
  /** Digest of the configuration (data and model included) that the run was started with. */
  configDigest: z.string(),
  /** Updates done. */
  step: z.int().min(0),
  position: z.strictObject({ epoch: z.int().min(0), microBatch: z.int().min(0) }),
  evaluations: z.strictObject({
    last: evaluationSchema.nullable(),
    best: evaluationSchema.nullable(),
    withoutGain: z.int().min(0),
  }),
});

export type TrainerState = z.infer<typeof trainerStateSchema>;

/**
 * A run between two steps: its numbers and its arrays. The arrays are named by {@link tensorName} and, in a checkpoint
 * that the trainer hands out, borrowed: they change as soon as the run goes on.
 */
export interface Checkpoint {
  readonly state: TrainerState;
  readonly tensors: readonly Parameter[];
}

/** `parameter` and its AdamW moments; `best` is the parameter at the lowest validation loss. */
export type TensorRole = 'parameter' | 'm' | 'v' | 'best';

export function tensorName(role: TensorRole, parameterName: string): string {
  return `${role}/${parameterName}`;
}

/** The tensors of one role, without copying. `arrays` are in the order of `parameters`. */
export function tensorsOfRole(
  role: TensorRole,
  parameters: readonly Parameter[],
  arrays: readonly Float32Array[],
): Parameter[] {
  return parameters.map(({ name, dims }, index) => ({ name: tensorName(role, name), dims, data: arrays[index]! }));
}

/**
 * Copies the tensors of one role into `arrays`, which are in the order of `parameters`.
 * @throws BaseError `train/checkpoint-mismatch` where a tensor is missing or has other dimensions than its parameter.
 */
export function restoreRole(
  role: TensorRole,
  { checkpoint, parameters }: { readonly checkpoint: Checkpoint; readonly parameters: readonly Parameter[] },
  arrays: readonly Float32Array[],
): void {
  const saved = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  for (const [index, parameter] of parameters.entries()) {
    const name = tensorName(role, parameter.name);
    const tensor = saved.get(name);
    if (tensor === undefined) throw mismatch(name, 'it is missing');
    if (tensor.dims.join() !== parameter.dims.join()) {
      throw mismatch(name, `its shape is [${tensor.dims.join(', ')}], the model's [${parameter.dims.join(', ')}]`);
    }
    arrays[index]!.set(tensor.data);
  }
}

function mismatch(tensor: string, why: string): BaseError {
  return new BaseError('train/checkpoint-mismatch', `The checkpoint does not fit the model at ${tensor}: ${why}.`, {
    info: { tensor },
    hints: ['Resume with the model and adapter settings that the run was started with.'],
  });
}
