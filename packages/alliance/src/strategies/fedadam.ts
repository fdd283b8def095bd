import type { ModelState } from '../model/model-state.ts';

/** η, β₁, β₂ and τ of `fedAdam`. */
export interface FedAdamRates {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Keeps the step bounded where updates are tiny. */
  readonly tau: number;
}

/**
 * m ← β₁·m + (1−β₁)·Δ, v ← β₂·v + (1−β₂)·Δ², w ← w + η·m / (√v + τ), without bias correction, as in the paper; v
 * starts at τ².
 * @see Reddi et al. 2021, arXiv 2003.00295, algorithm 2
 */
export function fedAdam(state: ModelState, delta: ArrayLike<number>, rates: FedAdamRates): ModelState {
  const { rate, beta1, beta2, tau } = rates;
  const count = state.parameters.length;
  const { first: earlierFirst, second: earlierSecond } = state.optimiser;
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  const parameters = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const change = delta[i]!;
    first[i] = beta1 * (earlierFirst?.[i] ?? 0) + (1 - beta1) * change;
    second[i] = beta2 * (earlierSecond?.[i] ?? tau * tau) + (1 - beta2) * change * change;
    parameters[i] = state.parameters[i]! + (rate * first[i]!) / (Math.sqrt(second[i]!) + tau);
  }
  return { parameters, optimiser: { first, second } };
}
