import type { Checkpoint, TrainerState } from './checkpoint.ts';
import { restoreRole, tensorsOfRole } from './checkpoint.ts';
import { createDataCursor, type DataCursor, positionAfter } from './data-cursor.ts';
import type { DifferentiableModel, MicroBatch } from './differentiable-model.ts';
import { afterEvaluation, noEvaluations } from './early-stop.ts';
import { nonFiniteError } from './non-finite-error.ts';
import { createAdamWState } from './optimizer/adamw.ts';
import { HostOptimizer } from './optimizer/host-optimizer.ts';
import type { Optimizer } from './optimizer/optimizer.ts';
import { learningRateAt } from './schedule.ts';
import type { TrainConfig } from './train-config.ts';
import type { TrainOptions, TrainStretch } from './train-options.ts';
import { type ValidationLoss, validationLoss } from './validation-loss.ts';
import { type WindowTotals, windowGradients } from './window-gradients.ts';

export interface StepOutcome extends WindowTotals {
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly epoch: number;
}

/**
 * The state of a run and the two things that change it: a step and an evaluation. What either does depends only on
 * the state, so a run restored from a checkpoint goes on exactly as the one that wrote it.
 */
export class TrainingRun {
  readonly totalSteps: number;
  readonly #options: TrainOptions;
  readonly #model: DifferentiableModel;
  readonly #config: TrainConfig;
  readonly #cursor: DataCursor;
  readonly #parameters: readonly Float32Array[];
  readonly #optimizer: Optimizer;
  readonly #stretch: TrainStretch;
  /** Copies of the parameters at the lowest validation loss; null until there is one that may be given back. */
  #best: readonly Float32Array[] | null = null;
  #state: TrainerState;

  /** Allocates gradients and moments, three times the parameters' memory. */
  static async open(options: TrainOptions, totalSteps: number): Promise<TrainingRun> {
    const { model, config, proximal, yieldControl } = options;
    const { maxGradientNorm, adamW } = config;
    const own = proximal ? undefined : await model.createOptimizer?.({ maxGradientNorm, adamW });
    const optimizer = own ?? new HostOptimizer(model, { maxGradientNorm, adamW, proximal, yieldControl });
    return new TrainingRun(options, totalSteps, optimizer);
  }

  private constructor(options: TrainOptions, totalSteps: number, optimizer: Optimizer) {
    this.totalSteps = totalSteps;
    this.#options = options;
    this.#model = options.model;
    this.#config = options.config;
    this.#cursor = createDataCursor(options.batchesOfEpoch, options.config.accumulationSteps);
    this.#parameters = options.model.parameters.map((parameter) => parameter.data);
    this.#optimizer = optimizer;
    this.#stretch = options.stretch ?? { firstStep: 0, totalSteps };
    this.#state = {
      version: 'train-state/1',
      configDigest: options.configDigest,
      step: 0,
      position: positionAfter(options.batchesOfEpoch, options.config.accumulationSteps, this.#stretch.firstStep),
      evaluations: noEvaluations,
    };
  }

  get state(): TrainerState {
    return this.#state;
  }

  /** Puts parameters, moments and counters back to where the checkpoint was taken. */
  async restore(checkpoint: Checkpoint): Promise<void> {
    const from = { checkpoint, parameters: this.#model.parameters };
    const moments = createAdamWState(this.#parameters);
    restoreRole('m', from, moments.m);
    restoreRole('v', from, moments.v);
    await this.#optimizer.restoreMoments(moments);
    if (this.#keepsBest && checkpoint.state.evaluations.best !== null) {
      this.#best = this.#parameters.map((parameter) => new Float32Array(parameter.length));
      restoreRole('best', from, this.#best);
    }
    restoreRole('parameter', from, this.#parameters);
    this.#state = checkpoint.state;
    await this.#model.parametersChanged();
  }

  /** The run as it stands; the arrays are the live ones. */
  async checkpoint(): Promise<Checkpoint> {
    await this.#optimizer.readParameters();
    const { m, v } = await this.#optimizer.readMoments();
    const { parameters } = this.#model;
    return {
      state: this.#state,
      tensors: [
        ...tensorsOfRole('parameter', parameters, this.#parameters),
        ...tensorsOfRole('m', parameters, m),
        ...tensorsOfRole('v', parameters, v),
        ...(this.#best === null ? [] : tensorsOfRole('best', parameters, this.#best)),
      ],
    };
  }

  /** One update from the next window. @throws BaseError `train/non-finite`, after which the run must not go on. */
  async takeStep(): Promise<StepOutcome> {
    const config = this.#config;
    const step = this.#state.step + 1;
    const { firstStep, totalSteps } = this.#stretch;
    const { window, next } = this.#cursor.windowAt(this.#state.position);
    const accumulate: Optimizer['accumulate'] = (...job) => this.#optimizer.accumulate(...job);
    const totals = await windowGradients(accumulate, { window, step: firstStep + step, seed: config.seed });
    const learningRate = learningRateAt(
      {
        kind: config.schedule,
        peakLearningRate: config.learningRate,
        totalSteps,
        warmup: config.warmup,
      },
      firstStep + step - 1,
    );
    const gradientNorm = await this.#update(step, learningRate);
    const { epoch } = this.#state.position;
    this.#state = { ...this.#state, step, position: next };
    return { ...totals, learningRate, gradientNorm, epoch };
  }

  /**
   * Measures the validation loss and takes it into the history.
   * @returns null where the signal was aborted on the way; the history is then as before.
   */
  async evaluate(validation: readonly MicroBatch[]): Promise<(ValidationLoss & { readonly best: boolean }) | null> {
    const measured = await validationLoss(this.#model, validation, this.#options.signal);
    if (measured === null) return null;
    const { step } = this.#state;
    if (!Number.isFinite(measured.loss)) throw nonFiniteError('The validation loss', { step });
    const minDelta = this.#config.earlyStop?.minDelta ?? 0;
    const evaluations = afterEvaluation(this.#state.evaluations, { step, loss: measured.loss }, minDelta);
    const best = evaluations.best?.step === step;
    if (best && this.#keepsBest) {
      await this.#optimizer.readParameters();
      this.#best = this.#parameters.map((parameter) => parameter.slice());
    }
    this.#state = { ...this.#state, evaluations };
    return { ...measured, best };
  }

  /** Gives the model the best parameters, where the run keeps them, or else the last. @returns the step they are from. */
  async useBest(): Promise<number> {
    await this.#optimizer.readParameters();
    const { best } = this.#state.evaluations;
    if (this.#best === null || best === null) return this.#state.step;
    for (const [index, values] of this.#best.entries()) this.#parameters[index]!.set(values);
    await this.#model.parametersChanged();
    return best.step;
  }

  get #keepsBest(): boolean {
    return this.#config.earlyStop !== null;
  }

  /** @returns the norm of the gradients before clipping */
  async #update(step: number, learningRate: number): Promise<number> {
    const done = await this.#optimizer.update({ step, learningRate });
    if (done.nonFiniteGradient >= 0) throw this.#nonFinite('gradient of parameter', done.nonFiniteGradient, step);
    if (done.nonFiniteParameter >= 0) throw this.#nonFinite('updated parameter', done.nonFiniteParameter, step);
    return done.gradientNorm;
  }

  #nonFinite(what: string, index: number, step: number) {
    const parameter = this.#model.parameters[index]!.name;
    return nonFiniteError(`The ${what} ${parameter}`, { step, parameter });
  }
}
