import type { MicroBatch } from '../differentiable-model.ts';
import type { AdamWOptions, AdamWState } from './adamw.ts';

export interface OptimizerOptions {
  /** L2 norm over all gradients; null leaves them as they are. */
  readonly maxGradientNorm: number | null;
  readonly adamW: AdamWOptions;
}

export interface OptimizerUpdate {
  readonly learningRate: number;
  /** Number of this update, from 1. */
  readonly step: number;
}

/** What an update did; the indices name the first array that holds a NaN or an infinity, or are -1. */
export interface UpdateOutcome {
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Where it is not -1, nothing was updated, or what was must be thrown away. */
  readonly nonFiniteGradient: number;
  readonly nonFiniteParameter: number;
}

/** Sums gradients over a window, clips them and updates parameters; wherever they lie, it alone changes them. */
export interface Optimizer {
  /** Adds the gradient of `lossWeight · Σ nll(target)` to the window's. */
  accumulate(batch: MicroBatch, lossWeight: number, randomSeed: number): Promise<{ readonly lossSum: number }>;
  /** Ends the window. */
  update(update: OptimizerUpdate): Promise<UpdateOutcome>;
  /** Brings the newest values into the model's parameters. */
  readParameters(): Promise<void>;
  /** The moments, borrowed until the next update. */
  readMoments(): Promise<AdamWState>;
  /** Goes on with other moments, which are copied. */
  restoreMoments(moments: AdamWState): Promise<void>;
}

export interface OptimizingModel {
  /** Present where the model sums gradients and updates parameters itself, as on a graphics card. */
  createOptimizer?(options: OptimizerOptions): Promise<Optimizer>;
}
