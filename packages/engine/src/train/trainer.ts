import { BaseError } from '@skein/core';
import type { Checkpoint } from './checkpoint.ts';
import { countSteps } from './data-cursor.ts';
import type { MicroBatch } from './differentiable-model.ts';
import { type Evaluation, shouldStop } from './early-stop.ts';
import { createPace } from './pace.ts';
import type { TrainStatus } from './train-event.ts';
import type { TrainOptions } from './train-options.ts';
import { TrainingRun } from './training-run.ts';

export interface TrainResult {
  readonly status: TrainStatus;
  readonly step: number;
  readonly totalSteps: number;
  readonly lastEvaluation: Evaluation | null;
  readonly bestEvaluation: Evaluation | null;
  /** The step whose parameters the model now has: the best evaluation's where early stop is on, else the last. */
  readonly parametersOfStep: number;
}

/**
 * Supervised fine-tuning: AdamW over windows of micro-batches, with a schedule, clipping, evaluation on validation
 * data, early stop and checkpoints. Equal options give equal bytes, also over any number of kills and resumes.
 * Memory: gradients and moments, three times the parameters, and once more where early stop keeps the best.
 * @throws RangeError for options that contradict each other or empty data.
 * @throws BaseError `train/non-finite`, `train/other-config`, `train/checkpoint-mismatch`, and what `saveCheckpoint`,
 * `onEvent` and the model throw.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const validation = validationOf(options);
  const totalSteps = countSteps(options.batchesOfEpoch, options.config);
  const run = await TrainingRun.open(options, totalSteps);
  if (options.checkpoint) {
    assertSameConfig(options.checkpoint, options.configDigest);
    await run.restore(options.checkpoint);
  }
  const elements = options.model.parameters.reduce((sum, { data }) => sum + data.length, 0);
  await options.onEvent({ type: 'start', step: run.state.step, totalSteps, trainableElements: elements });
  const status = await untilTheEnd(run, validation, options);
  const { step, evaluations } = run.state;
  const parametersOfStep = status === 'interrupted' ? step : await run.useBest();
  await options.onEvent({ type: 'end', status, step, best: evaluations.best });
  return {
    status,
    step,
    totalSteps,
    lastEvaluation: evaluations.last,
    bestEvaluation: evaluations.best,
    parametersOfStep,
  };
}

/** Every turn looks only at the run's state and the signal, so it makes no difference whether the state was loaded. */
async function untilTheEnd(
  run: TrainingRun,
  validation: readonly MicroBatch[],
  options: TrainOptions,
): Promise<TrainStatus> {
  const { config, checkpointEvery, signal } = options;
  const pace = createPace(options.now, run.totalSteps);
  let savedState = options.checkpoint ? run.state : null;
  const save = async () => {
    if (savedState === run.state) return;
    await options.saveCheckpoint(await run.checkpoint());
    savedState = run.state;
    await options.onEvent({ type: 'checkpoint', step: run.state.step });
  };
  for (;;) {
    const evaluated = await evaluateIfDue(run, validation, options);
    const { step, evaluations } = run.state;
    const stopsEarly = shouldStop(evaluations, config.earlyStop);
    const ended = evaluated && (stopsEarly || step >= run.totalSteps);
    if (ended || signal?.aborted) {
      await save();
      if (!ended) return 'interrupted';
      return stopsEarly ? 'early-stopped' : 'complete';
    }
    if (checkpointEvery !== null && step > 0 && step % checkpointEvery === 0) await save();
    pace.beginStep();
    const outcome = await run.takeStep();
    const speed = pace.endStep(run.state.step, outcome.tokens);
    await options.onEvent({ type: 'step', step: run.state.step, totalSteps: run.totalSteps, ...outcome, ...speed });
  }
}

/** Returns false where an evaluation is due and the signal was aborted before it was done. */
async function evaluateIfDue(
  run: TrainingRun,
  validation: readonly MicroBatch[],
  { config, onEvent }: TrainOptions,
): Promise<boolean> {
  const { step, evaluations } = run.state;
  const atEnd = step >= run.totalSteps;
  const atInterval = config.evaluateEvery !== null && step > 0 && step % config.evaluateEvery === 0;
  if (validation.length === 0 || !(atEnd || atInterval) || evaluations.last?.step === step) return true;
  const measured = await run.evaluate(validation);
  if (measured === null) return false;
  await onEvent({ type: 'evaluation', step, ...measured });
  return true;
}

function validationOf({ config, validation = [], checkpointEvery }: TrainOptions): readonly MicroBatch[] {
  if (config.maxSteps === null && config.epochs === null) throw new RangeError('Give maxSteps, epochs or both');
  if (config.earlyStop !== null && (validation.length === 0 || config.evaluateEvery === null)) {
    throw new RangeError('Early stop needs validation data and evaluateEvery');
  }
  if (checkpointEvery !== null && !(Number.isInteger(checkpointEvery) && checkpointEvery > 0)) {
    throw new RangeError(`checkpointEvery must be an integer from 1, got ${checkpointEvery}`);
  }
  return validation;
}

function assertSameConfig({ state }: Checkpoint, configDigest: string): void {
  if (state.configDigest === configDigest) return;
  throw new BaseError('train/other-config', 'The checkpoint was written by a run with another configuration.', {
    info: { saved: state.configDigest, given: configDigest },
    hints: ['Resume with the configuration, data and model that the run was started with, or start a new run.'],
  });
}
