import type { Checkpoint, TrainerState } from './checkpoint.ts';
import { restoreRole, tensorsOfRole } from './checkpoint.ts';
import { clipGradients, gradientNorm } from './clip.ts';
import { createDataCursor, type DataCursor, positionAfter } from './data-cursor.ts';
import type { DifferentiableModel, MicroBatch } from './differentiable-model.ts';
import { afterEvaluation, noEvaluations } from './early-stop.ts';
import { nonFiniteError } from './non-finite-error.ts';
import { type AdamWState, adamWStep, createAdamWState } from './optimizer/adamw.ts';
import { learningRateAt } from './schedule.ts';
import { addProximalTerm } from './proximal-term.ts';
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
  readonly #gradients: readonly Float32Array[];
  readonly #moments: AdamWState;
  readonly #stretch: TrainStretch;
  /** Copies of the parameters at the lowest validation loss; null until there is one that may be given back. */
  #best: readonly Float32Array[] | null = null;
  #state: TrainerState;

  /** Allocates gradients and moments (three times the parameters' memory) and reads nothing of the model yet. */
  constructor(options: TrainOptions, totalSteps: number) {
    this.totalSteps = totalSteps;
    this.#options = options;
    this.#model = options.model;
    this.#config = options.config;
    this.#cursor = createDataCursor(options.batchesOfEpoch, options.config.accumulationSteps);
    this.#parameters = options.model.parameters.map((parameter) => parameter.data);
    this.#gradients = this.#parameters.map((parameter) => new Float32Array(parameter.length));
    this.#moments = createAdamWState(this.#parameters);
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
    restoreRole('m', from, this.#moments.m);
    restoreRole('v', from, this.#moments.v);
    if (this.#keepsBest && checkpoint.state.evaluations.best !== null) {
      this.#best = this.#parameters.map((parameter) => new Float32Array(parameter.length));
      restoreRole('best', from, this.#best);
    }
    restoreRole('parameter', from, this.#parameters);
    this.#state = checkpoint.state;
    await this.#model.parametersChanged();
  }

  /** The run as it stands; the arrays are the live ones. */
  checkpoint(): Checkpoint {
    const { parameters } = this.#model;
    return {
      state: this.#state,
      tensors: [
        ...tensorsOfRole('parameter', parameters, this.#parameters),
        ...tensorsOfRole('m', parameters, this.#moments.m),
        ...tensorsOfRole('v', parameters, this.#moments.v),
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
    const totals = await windowGradients(this.#model, this.#gradients, {
      window,
      step: firstStep + step,
      seed: config.seed,
    });
    if (this.#options.proximal) addProximalTerm(this.#gradients, this.#parameters, this.#options.proximal);
    const norm = await this.#clippedNorm(step);
    const learningRate = learningRateAt(
      {
        kind: config.schedule,
        peakLearningRate: config.learningRate,
        totalSteps,
        warmup: config.warmup,
      },
      firstStep + step - 1,
    );
    await this.#update(step, learningRate);
    const { epoch } = this.#state.position;
    this.#state = { ...this.#state, step, position: next };
    return { ...totals, learningRate, gradientNorm: norm, epoch };
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
    if (best && this.#keepsBest) this.#best = this.#parameters.map((parameter) => parameter.slice());
    this.#state = { ...this.#state, evaluations };
    return { ...measured, best };
  }

  /** Gives the model the best parameters, where the run keeps them. @returns the step they are from. */
  async useBest(): Promise<number> {
    const { best } = this.#state.evaluations;
    if (this.#best === null || best === null) return this.#state.step;
    for (const [index, values] of this.#best.entries()) this.#parameters[index]!.set(values);
    await this.#model.parametersChanged();
    return best.step;
  }

  get #keepsBest(): boolean {
    return this.#config.earlyStop !== null;
  }

  async #clippedNorm(step: number): Promise<number> {
    const { yieldControl } = this.#options;
    const { total, firstNonFinite } = await gradientNorm(this.#gradients, yieldControl);
    if (firstNonFinite >= 0) throw this.#nonFinite('gradient of parameter', firstNonFinite, step);
    const maxNorm = this.#config.maxGradientNorm;
    if (maxNorm !== null) await clipGradients(this.#gradients, { norm: total, maxNorm }, yieldControl);
    return total;
  }

  async #update(step: number, learningRate: number): Promise<void> {
    const spoiled = await adamWStep(this.#parameters, this.#moments, {
      gradients: this.#gradients,
      learningRate,
      step,
      options: this.#config.adamW,
      yieldControl: this.#options.yieldControl,
    });
    if (spoiled >= 0) throw this.#nonFinite('updated parameter', spoiled, step);
    await this.#model.parametersChanged();
  }

  #nonFinite(what: string, index: number, step: number) {
    const parameter = this.#model.parameters[index]!.name;
    return nonFiniteError(`The ${what} ${parameter}`, { step, parameter });
  }
}
