export {
  type Checkpoint,
  type TensorRole,
  type TrainerState,
  tensorName,
  trainerStateSchema,
} from './checkpoint.ts';
export { clipGradients, type GradientNorm, gradientNorm } from './clip.ts';
export { type BatchesOfEpoch, countSteps } from './data-cursor.ts';
export type { DifferentiableModel, MicroBatch, Parameter } from './differentiable-model.ts';
export type { EarlyStop, Evaluation } from './early-stop.ts';
export type { YieldControl } from './element-chunks.ts';
export {
  type AdamWOptions,
  type AdamWState,
  type AdamWUpdate,
  adamWDefaults,
  adamWStep,
  createAdamWState,
} from './optimizer/adamw.ts';
export type { ProximalTerm } from './proximal-term.ts';
export { learningRateAt, type Schedule, type ScheduleKind, type Warmup, warmupSteps } from './schedule.ts';
export { type TrainConfig, trainConfigSchema } from './train-config.ts';
export type {
  CheckpointEvent,
  EndEvent,
  EvaluationEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  TrainStatus,
} from './train-event.ts';
export type { TrainOptions, TrainStretch } from './train-options.ts';
export { type TrainResult, train } from './trainer.ts';
export { type ValidationLoss, validationLoss } from './validation-loss.ts';
