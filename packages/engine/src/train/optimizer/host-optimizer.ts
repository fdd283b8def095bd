import { clipGradients, gradientNorm } from '../clip.ts';
import type { DifferentiableModel, MicroBatch } from '../differentiable-model.ts';
import type { YieldControl } from '../element-chunks.ts';
import { addProximalTerm, type ProximalTerm } from '../proximal-term.ts';
import { type AdamWState, adamWStep, createAdamWState } from './adamw.ts';
import type { Optimizer, OptimizerOptions, OptimizerUpdate, UpdateOutcome } from './optimizer.ts';

export interface HostOptimizerOptions extends OptimizerOptions {
  readonly proximal?: ProximalTerm | undefined;
  readonly yieldControl: YieldControl;
}

/** Sums, clipping and AdamW in TypeScript, on the model's own arrays. Memory: three times the parameters. */
export class HostOptimizer implements Optimizer {
  readonly #model: DifferentiableModel;
  readonly #options: HostOptimizerOptions;
  readonly #parameters: readonly Float32Array[];
  readonly #gradients: readonly Float32Array[];
  readonly #moments: AdamWState;
  #windowIsNew = true;

  constructor(model: DifferentiableModel, options: HostOptimizerOptions) {
    this.#model = model;
    this.#options = options;
    this.#parameters = model.parameters.map(({ data }) => data);
    this.#gradients = this.#parameters.map(({ length }) => new Float32Array(length));
    this.#moments = createAdamWState(this.#parameters);
  }

  async accumulate(batch: MicroBatch, lossWeight: number, randomSeed: number): Promise<{ readonly lossSum: number }> {
    if (this.#windowIsNew) for (const gradient of this.#gradients) gradient.fill(0);
    this.#windowIsNew = false;
    return this.#model.accumulateGradients(batch, lossWeight, this.#gradients, randomSeed);
  }

  async update({ learningRate, step }: OptimizerUpdate): Promise<UpdateOutcome> {
    this.#windowIsNew = true;
    const { proximal, maxGradientNorm: maxNorm, adamW, yieldControl } = this.#options;
    if (proximal) addProximalTerm(this.#gradients, this.#parameters, proximal);
    const { total: norm, firstNonFinite } = await gradientNorm(this.#gradients, yieldControl);
    if (firstNonFinite >= 0) return { gradientNorm: norm, nonFiniteGradient: firstNonFinite, nonFiniteParameter: -1 };
    if (maxNorm !== null) await clipGradients(this.#gradients, { norm, maxNorm }, yieldControl);
    const gradients = this.#gradients;
    const update = { gradients, learningRate, step, options: adamW, yieldControl };
    const nonFiniteParameter = await adamWStep(this.#parameters, this.#moments, update);
    await this.#model.parametersChanged();
    return { gradientNorm: norm, nonFiniteGradient: -1, nonFiniteParameter };
  }

  async readParameters(): Promise<void> {}

  async readMoments(): Promise<AdamWState> {
    return this.#moments;
  }

  async restoreMoments({ m, v }: AdamWState): Promise<void> {
    for (const [index, values] of m.entries()) this.#moments.m[index]?.set(values);
    for (const [index, values] of v.entries()) this.#moments.v[index]?.set(values);
  }
}
