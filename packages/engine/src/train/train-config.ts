import { z } from 'zod';

const positiveInteger = z.int().positive();

/**
 * Everything that decides a run's numbers, besides the model, the data and the runtime. Two runs with equal
 * configurations over equal data end with the same bytes; a checkpoint resumes only under an equal one.
 */
export const trainConfigSchema = z
  .strictObject({
    /** uint32; dropout is derived from it. */
    seed: z.int().min(0).max(0xffffffff),
    /** Micro-batches per step. */
    accumulationSteps: positiveInteger,
    learningRate: z.number().positive(),
    schedule: z.enum(['constant', 'linear', 'cosine']),
    warmup: z.union([z.strictObject({ steps: z.int().min(0) }), z.strictObject({ ratio: z.number().min(0).max(1) })]),
    /** Whichever of the two comes first ends the run; at least one is given. */
    maxSteps: positiveInteger.nullable(),
    epochs: positiveInteger.nullable(),
    /** L2 norm over all gradients; null leaves them as they are. */
    maxGradientNorm: z.number().positive().nullable(),
    adamW: z.strictObject({
      beta1: z.number().min(0).lt(1),
      beta2: z.number().min(0).lt(1),
      epsilon: z.number().positive(),
      weightDecay: z.number().min(0),
    }),
    /** Steps between evaluations; null evaluates only at the end. Without validation data it has no effect. */
    evaluateEvery: positiveInteger.nullable(),
    /** Ends the run early and gives back the best parameters; null never does. */
    earlyStop: z.strictObject({ patience: positiveInteger, minDelta: z.number().min(0) }).nullable(),
  })
  .refine((config) => config.maxSteps !== null || config.epochs !== null, {
    error: 'Give maxSteps, epochs or both',
    path: ['maxSteps'],
  });

export type TrainConfig = z.infer<typeof trainConfigSchema>;
